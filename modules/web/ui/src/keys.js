// SPDX-License-Identifier: Apache-2.0
// Keys that work on every page. Letters are left alone where one types.
import { go } from './router.js';
import { store } from './store.js';

/// Which of the dialogs that belong to no page is open: '' | 'palette' | 'help'.
export const overlay = store('');

export const places = [
    ['o', 'Overview', '/'],
    ['s', 'Services', '/services'],
    ['t', 'Traffic', '/_/traffic'],
    ['m', 'Modules', '/_/modules'],
    ['f', 'Configuration', '/_/config'],
    ['l', 'Logs', '/_/logs'],
    ['c', 'Console', '/_/console'],
    ['a', 'Apps', '/_/apps'],
];

let prefix = 0;

const typing = (target) => target.closest?.('input, textarea, select, [contenteditable]');

function focusFilter() {
    const field = document.querySelector('main [data-filter]');
    field?.focus();
    field?.select?.();
    return Boolean(field);
}

/// The row before or after the one that has the focus.
function step(direction) {
    const rows = [...document.querySelectorAll('main [data-row]')];
    if (!rows.length) return false;
    const at = rows.indexOf(document.activeElement);
    const next = rows[at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + direction))];
    next.focus();
    next.scrollIntoView({ block: 'nearest' });
    return true;
}

function letter(key) {
    if (prefix && Date.now() - prefix < 1500) {
        prefix = 0;
        const place = places.find(([k]) => k === key);
        if (place) go(place[2]);
        return Boolean(place);
    }
    prefix = 0;
    if (key === 'g') return (prefix = Date.now()), true;
    if (key === '/') return focusFilter();
    if (key === 'j') return step(1);
    if (key === 'k') return step(-1);
    if (key === '?') return overlay.set('help'), true;
    return false;
}

function onKey(event) {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        overlay.set(overlay.get() === 'palette' ? '' : 'palette');
        return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
    if (typing(event.target)) {
        if (event.key === 'Escape' && event.target.matches('[data-filter]')) event.target.blur();
        return;
    }
    if (letter(event.key)) event.preventDefault();
}

export const startKeys = () => addEventListener('keydown', onKey);
