// SPDX-License-Identifier: Apache-2.0
// Values of the configuration with their origins. Roles are spelled out, since narrow windows show the rows as blocks.
import { html } from '../html.js';
import { valueText } from '../logic/config.js';

const Value = ({ of: v }) => {
    if (v.secret) return html`<span class="dim" title="a secret is not shown">••••••</span>`;
    const other = v.default !== undefined && v.origin !== 'default' && valueText(v.default) !== valueText(v.value);
    return html`${valueText(v.value)}${other && html`<span class="config-note">default ${valueText(v.default)}</span>`}`;
};

/// Of a file the name is enough; all of its path is in the hint.
const From = ({ of: v }) => html`${v.origin}${v.origin !== 'default' && v.source && html`<code class="config-note" title=${v.source}>${v.origin === 'file' ? v.source.split('/').pop() : v.source}</code>`}`;

const Row = ({ of: v }) => html`<tr role="row" class=${v.origin === 'default' ? 'by-default' : ''}>
    <td role="cell"><code>${v.option}</code>${v.doc && html`<span class="config-note">${v.doc}</span>`}</td>
    <td role="cell" class="mono" data-name="Value"><${Value} of=${v} /></td><td role="cell" data-name="From"><${From} of=${v} /></td>
    <td role="cell" data-name="Takes effect" class="dim">${v.live ? 'live' : 'next start'}</td></tr>`;

/// groups: [{title, values}], of which a title may be missing; values as groupsOf() gives them.
export const ConfigTable = ({ caption, groups }) => html`<div class="panel config-box"><table role="table" class="data config"><caption class="sr">${caption}</caption>
    <thead role="rowgroup"><tr role="row">${['Option', 'Value', 'From', 'Takes effect'].map((c) => html`<th key=${c} role="columnheader" scope="col">${c}</th>`)}</tr></thead>
    ${groups.map((g, i) => html`<tbody role="rowgroup" key=${i}>${g.title && html`<tr role="row" class="config-title"><th role="rowheader" scope="rowgroup" colspan="4">${g.title}</th></tr>`}
        ${g.values.map((v) => html`<${Row} key=${v.path} of=${v} />`)}</tbody>`)}</table></div>`;
