import { render } from 'preact';
import { App, preloadScreen } from './app.tsx';
import { followTheme } from './design/theme.ts';
import { followOtherTabs, followPastedLinks, openSession } from './session/sign-in.ts';
import './design/tokens.css';
import './design/base.css';
import './design/components.css';
import './app.css';

const root = document.getElementById('app');
if (root === null) throw new Error('index.html has no #app');
followTheme();
render(<App />, root);
void openSession();
followPastedLinks();
followOtherTabs();
preloadScreen();
