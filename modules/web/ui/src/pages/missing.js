// SPDX-License-Identifier: Apache-2.0
import { html } from '../html.js';
import { Page } from '../widgets/parts.js';

export const Missing = ({ path }) => html`<${Page} title="No such page">
    <p>There is no page <code>${path}</code>. A web service would have been found below its name: <a href="/_/apps">the apps</a> that there are.</p>
</${Page}>`;
