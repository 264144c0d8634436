// SPDX-License-Identifier: Apache-2.0
// Of a long table only the rows that can be seen are in the document.
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { html } from '../html.js';

const from = 200; // below it all rows are there, so that the browser's own search finds them
const spare = 12;

/// Which rows of `count` are seen. `body`: ref of the element whose top is the first row's.
export function useRange(count, height, body, scroller) {
    const [range, set] = useState([0, Math.min(count, 60)]);
    const latest = useRef(range);
    latest.current = range;
    useLayoutEffect(() => {
        if (count <= from) return undefined;
        const measure = () => {
            const top = body.current?.getBoundingClientRect().top ?? 0;
            const box = scroller?.current?.getBoundingClientRect();
            const above = (box ? box.top : 0) - top;
            const tall = box ? box.height : innerHeight;
            const first = Math.max(0, Math.floor(above / height) - spare);
            const last = Math.min(count, Math.ceil((above + tall) / height) + spare);
            const [a, b] = latest.current;
            if (first !== a || last !== b) set([first, Math.max(first, last)]);
        };
        measure();
        const target = scroller?.current ?? window;
        target.addEventListener('scroll', measure, { passive: true });
        addEventListener('resize', measure);
        return () => {
            target.removeEventListener('scroll', measure);
            removeEventListener('resize', measure);
        };
    }, [count, height]);
    return count <= from ? [0, count] : [Math.min(range[0], count), Math.min(range[1], count)];
}

/// A table with a head that can sort. columns: [{key, title, cls, value(row), cell(row), sort: false}]; `sort`: "name" or "-name".
export function Table({ caption, columns, rows, keyOf, sort, onSort, height = 33, empty, rowClass, onRow }) {
    const body = useRef(null);
    const [a, b] = useRange(rows.length, height, body);
    if (!rows.length) return html`<div class="empty">${empty}</div>`;
    return html`<div class="scroll-x" tabindex="0" role="region" aria-label="Table"><table class="data" aria-rowcount=${rows.length + 1}>
        <caption class="sr">${caption}</caption>
        <thead><tr>${columns.map((c) => html`<${Head} key=${c.key} column=${c} sort=${sort} onSort=${onSort} />`)}</tr></thead>
        <tbody ref=${body}>
            ${a > 0 && html`<tr class="gap" key="above" aria-hidden="true"><td colspan=${columns.length} style=${{ height: `${a * height}px` }}></td></tr>`}
            ${rows.slice(a, b).map((row, i) => html`<tr key=${keyOf(row)} aria-rowindex=${a + i + 2} class=${rowClass?.(row)} onClick=${onRow && ((e) => onRow(row, e))}>
                ${columns.map((c) => html`<td key=${c.key} class=${c.cls}>${c.cell ? c.cell(row) : c.value(row)}</td>`)}
            </tr>`)}
            ${b < rows.length && html`<tr class="gap" key="below" aria-hidden="true"><td colspan=${columns.length} style=${{ height: `${(rows.length - b) * height}px` }}></td></tr>`}
        </tbody>
    </table></div>`;
}

function Head({ column, sort, onSort }) {
    const plain = sort?.replace(/^-/, '') === column.key;
    const direction = !plain ? 'none' : sort.startsWith('-') ? 'descending' : 'ascending';
    if (!onSort || column.sort === false) return html`<th scope="col" class=${column.cls}>${column.title}</th>`;
    const next = direction === 'none' ? (column.down ? `-${column.key}` : column.key) : direction === 'ascending' ? `-${column.key}` : column.key;
    return html`<th scope="col" class=${column.cls} aria-sort=${direction}><button class="sort" onClick=${() => onSort(next)}>${column.title}<span aria-hidden="true">${direction === 'ascending' ? ' ↑' : direction === 'descending' ? ' ↓' : ''}</span></button></th>`;
}

export function sorted(rows, columns, sort) {
    const key = sort.replace(/^-/, '');
    const column = columns.find((c) => c.key === key);
    if (!column) return rows;
    const sign = sort.startsWith('-') ? -1 : 1;
    const compare = (x, y) => {
        const a = column.value(x);
        const b = column.value(y);
        if (a === b) return 0;
        if (a === null || a === undefined) return 1;
        if (b === null || b === undefined) return -1;
        return (a < b ? -1 : 1) * sign;
    };
    return [...rows].sort(compare);
}

/// Keeps the last lines in view while the reader is at the end.
export function useFollow(scroller, following, changed) {
    useEffect(() => {
        if (following && scroller.current) scroller.current.scrollTop = scroller.current.scrollHeight;
    }, [following, changed]);
}
