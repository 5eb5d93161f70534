// @ts-nocheck: this runs in the browser and the types here are Node's.
// The viewer with a menu beside it, and its error replies folded to one line each.

const foldedErrors = ({ React }) => ({
  wrapComponents: {
    response: (Response) =>
      function FoldedResponse(props) {
        const isError = Number(props.code) >= 400;
        const [isOpen, setOpen] = React.useState(!isError);
        const h = React.createElement;
        if (isOpen) return h(Response, props);
        const reasons = String(props.response?.get('description') ?? '').split(', ');
        return h(
          'tr',
          { className: 'response folded', 'data-code': props.code },
          h('td', { className: 'response-col_status' }, props.code),
          h(
            'td',
            { className: 'response-col_description', colSpan: 2 },
            h(
              'button',
              { type: 'button', onClick: () => setOpen(true), title: 'Show examples' },
              reasons.map((reason) => h('code', { key: reason }, reason.replaceAll('`', ''))),
            ),
          ),
        );
      },
  },
});

const ui = window.SwaggerUIBundle({
  url: new URL('openapi.json', document.baseURI).href,
  dom_id: '#viewer',
  deepLinking: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  defaultModelExpandDepth: 2,
  displayRequestDuration: true,
  // Bounds and patterns of parameters.
  showCommonExtensions: true,
  // No badge of a service elsewhere.
  validatorUrl: null,
  plugins: [foldedErrors],
  onComplete: () => buildMenu(ui.specSelectors.specJson().toJS()),
});

function buildMenu({ info, tags, paths, webhooks = {} }) {
  document.title = `${info.title} API`;
  const operations = operationsOf(paths);
  for (const { name } of tags) {
    addGroup(
      name,
      name,
      operations.filter(({ tags: [tag] }) => tag === name),
    );
  }
  // The viewer shows messages to the caller's own address as a group of that name.
  addGroup('Webhooks', 'webhooks', operationsOf(webhooks));
}

function operationsOf(group) {
  return Object.values(group).flatMap((methods) =>
    Object.entries(methods).map(([method, operation]) => ({ method, ...operation })),
  );
}

function addGroup(title, tag, operations) {
  if (operations.length === 0) return;
  const heading = document.createElement('h2');
  heading.textContent = title;
  const list = document.createElement('ul');
  for (const { method, summary, operationId } of operations) {
    const link = document.createElement('a');
    link.href = `#/${tag}/${operationId}`;
    const verb = document.createElement('span');
    verb.className = method;
    verb.textContent = method;
    link.append(verb, summary);
    link.addEventListener('click', (event) => {
      event.preventDefault();
      show(tag, operationId);
    });
    const item = document.createElement('li');
    item.append(link);
    list.append(item);
  }
  document.querySelector('#menu').append(heading, list);
}

function show(tag, operationId) {
  history.replaceState(null, '', `#/${tag}/${operationId}`);
  ui.layoutActions.show(['operations-tag', tag], true);
  ui.layoutActions.show(['operations', tag, operationId], true);
  document.getElementById(`operations-${tag}-${operationId}`)?.scrollIntoView();
}
