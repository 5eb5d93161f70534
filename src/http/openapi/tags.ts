/** The groups of operations, in the order they are shown. */
export const tags = {
  Create: 'Make images from text, or from text and input images.',
  Records: 'What was made. Records belong to the key that made them; for every other key they do not exist.',
  Assets:
    'Images to start from, uploaded once and named in many requests. They belong to the key that uploaded them.',
  Files: 'Signed downloads.',
  Models: 'What can be asked for. Each model has a card that says which parameters it takes.',
  Usage: 'What a key has used.',
  Operations: 'For whoever runs this server. No key is needed and there are no secrets in them.',
} as const;

export type Tag = keyof typeof tags;
