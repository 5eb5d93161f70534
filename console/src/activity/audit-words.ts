const words: Readonly<Record<string, string>> = {
  'key.create': 'Key made',
  'key.change': 'Key changed',
  'key.freeze': 'Key frozen',
  'key.unfreeze': 'Key unfrozen',
  'key.rotate': 'Secret rotated',
  'key.delete': 'Key deleted',
  'image.delete': 'Picture deleted',
  'webhook.redeliver': 'Webhook sent again',
  'session.sign_in': 'Signed in',
  'session.refused': 'Sign-in refused',
};

/** An act in words; one without words of its own as it is called. */
export function actionText(action: string): string {
  return words[action] ?? action.replaceAll(/[._]/g, ' ');
}
