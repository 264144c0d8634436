// SPDX-License-Identifier: Apache-2.0
// Light, dark, or what the system says. theme.js reads it again before the first paint of the next page.
import { store } from './store.js';

const place = 'microhost.theme';

export const themes = [['system', 'System'], ['light', 'Light'], ['dark', 'Dark']];

const stored = () => {
    try {
        return localStorage.getItem(place) ?? 'system';
    } catch {
        return 'system';
    }
};

export const theme = store(stored());

export function setTheme(name) {
    if (name === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = name;
    try {
        localStorage.setItem(place, name);
    } catch {
        // not remembered, then
    }
    theme.set(name);
}
