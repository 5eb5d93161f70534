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
  'session.sign_out': 'Signed out',
  'session.refused': 'Sign-in refused',
  'session.act_as': 'Acted as a key',
  'session.make_link': 'Sign-in link made',
  'key.webhook_secret': 'Webhook secret made',
};

/** An act in words; one without words of its own as it is called. */
export function actionText(action: string): string {
  return words[action] ?? action.replaceAll(/[._]/g, ' ');
}
