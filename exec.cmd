@rem The npm scripts start with `exec`, so that npm passes signals to the program and not to a shell in between.
@rem Windows has no such command and takes this one from the folder npm runs scripts in.
@%*
