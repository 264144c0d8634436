// SPDX-License-Identifier: Apache-2.0
import { html } from '../html.js';

/// The last points of a line as a small curve. Numbers say the same beside it.
export function Spark({ values }) {
    const highest = Math.max(...values.map((v) => v ?? 0), 1e-9);
    let path = '';
    let pen = 'M';
    values.forEach((v, i) => {
        if (typeof v !== 'number') return void (pen = 'M');
        path += `${pen}${((i / (values.length - 1)) * 96).toFixed(1)} ${(19 - (v / highest) * 18).toFixed(1)}`;
        pen = 'L';
    });
    return html`<svg class="spark" viewBox="0 0 96 20" preserveAspectRatio="none" aria-hidden="true"><path d=${path} /></svg>`;
}
