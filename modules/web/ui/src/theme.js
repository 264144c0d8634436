// SPDX-License-Identifier: Apache-2.0
// Runs before the first paint, so that nobody sees the other theme flash by.
try {
    const theme = localStorage.getItem('microhost.theme');
    if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
    // storage is blocked: the system's theme it is
}
