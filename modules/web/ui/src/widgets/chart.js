// SPDX-License-Identifier: Apache-2.0
// A chart with its numbers: those of the last step, or of where the crosshair is; and the same as a table.
import { useEffect, useRef, useState } from 'preact/hooks';
import { clock } from '../format.js';
import { html } from '../html.js';
import { theme } from '../look.js';
import { useStore } from '../store.js';

const systemDark = matchMedia('(prefers-color-scheme: dark)');

function useDark() {
    const chosen = useStore(theme);
    const [dark, set] = useState(systemDark.matches);
    useEffect(() => {
        const changed = () => set(systemDark.matches);
        systemDark.addEventListener('change', changed);
        return () => systemDark.removeEventListener('change', changed);
    }, []);
    return chosen === 'system' ? dark : chosen === 'dark';
}

function Canvas({ series, unit, height, data, onHover, label }) {
    const box = useRef(null);
    const chart = useRef(null);
    const [problem, fail] = useState('');
    const latest = useRef(data);
    latest.current = data;
    const dark = useDark();
    useEffect(() => {
        let gone = false;
        let sizes = null;
        import('./plot.js').then(
            ({ plot }) => {
                if (gone) return;
                const made = (chart.current = plot(box.current, { series, unit, height, onHover }, latest.current));
                sizes = new ResizeObserver(() => made.setSize({ width: Math.max(200, box.current.clientWidth), height }));
                sizes.observe(box.current);
            },
            () => fail('The part that draws charts is not there any more: load the page again.'),
        );
        return () => {
            gone = true;
            sizes?.disconnect();
            chart.current?.destroy();
            chart.current = null;
        };
    }, [dark, height, series]);
    useEffect(() => chart.current?.setData(data), [data]);
    return html`<div class="plot" role="img" aria-label=${label} ref=${box} style=${{ minHeight: `${height}px` }}>${problem && html`<p class="dim">${problem}</p>`}</div>`;
}

const lastKnown = (values) => {
    for (let i = values.length - 1; i >= Math.max(0, values.length - 3); --i) if (values[i] !== null) return values[i];
    return null;
};

/// series: [{label, tone, fill}], the same array each time; data: [[seconds], [values], ...]; unit(n): a number as text.
export function Chart({ title, series, unit, data, height = 150 }) {
    const [hover, setHover] = useState(null);
    const [table, showTable] = useState(false);
    const at = hover !== null && hover < data[0].length ? hover : null;
    const value = (i) => (at === null ? lastKnown(data[i + 1]) : data[i + 1][at]);
    return html`<figure class="chart panel" aria-label=${title}>
        <figcaption><h3>${title}</h3><dl class="readout">${series.map((s, i) => html`<div key=${s.label} data-tone=${s.tone}><dt>${s.label}</dt><dd>${unit(value(i))}</dd></div>`)}</dl>
            <span class="dim at">${at === null ? '' : clock(data[0][at] * 1000)}</span><button class="small" aria-pressed=${table} onClick=${() => showTable(!table)}>${table ? 'Chart' : 'Table'}</button></figcaption>
        ${table ? html`<${Numbers} title=${title} series=${series} unit=${unit} data=${data} height=${height} />` : html`<${Canvas} series=${series} unit=${unit} height=${height} data=${data} onHover=${setHover} label=${`${title}, as a curve; the button shows it as a table`} />`}
    </figure>`;
}

function Numbers({ title, series, unit, data, height }) {
    const rows = [];
    for (let i = data[0].length - 1; i >= 0 && rows.length < 60; --i) if (series.some((_, k) => data[k + 1][i] !== null)) rows.push(i);
    return html`<div class="numbers" tabindex="0" style=${{ height: `${height}px` }}><table class="data"><caption class="sr">${title}, the latest first</caption>
        <thead><tr><th scope="col">Time</th>${series.map((s) => html`<th key=${s.label} scope="col" class="num">${s.label}</th>`)}</tr></thead>
        <tbody>${rows.map((i) => html`<tr key=${data[0][i]}><td class="num">${clock(data[0][i] * 1000)}</td>${series.map((s, k) => html`<td key=${s.label} class="num">${unit(data[k + 1][i])}</td>`)}</tr>`)}</tbody></table></div>`;
}
