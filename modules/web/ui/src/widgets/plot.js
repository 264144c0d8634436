// SPDX-License-Identifier: Apache-2.0
// uPlot, in a chunk of its own: only pages with charts ask for it.
import uPlot from 'uplot';
import { clock } from '../format.js';

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/// light-dark() and the like, as the canvas takes it.
function resolved(name) {
    const probe = document.createElement('i');
    probe.style.color = `var(${name})`;
    document.body.append(probe);
    const value = getComputedStyle(probe).color;
    probe.remove();
    return value || colour(name);
}

const nearAxis = 20; // a time there would touch the lowest number of the other axis

function axes(unit) {
    const text = resolved('--dim');
    const grid = { stroke: resolved('--grid'), width: 1 };
    const font = `11.5px ${getComputedStyle(document.body).fontFamily}`;
    return [
        { stroke: text, font, grid, ticks: { show: false }, space: 48, size: 26, incrs: [60, 120, 300, 600, 900, 1800, 3600], values: (u, at) => at.map((t) => (u.valToPos(t, 'x') < nearAxis ? '' : clock(t * 1000).slice(0, 5))) },
        { stroke: text, font, grid, ticks: { show: false }, size: 58, space: 34, values: (_, at) => at.map(unit) },
    ];
}

function lines(series) {
    return series.map(({ label, tone, fill }) => ({
        label, stroke: resolved(tone), width: 1.5, fill: fill ? resolved(tone).replace(/rgb\((.*)\)/, 'rgba($1, .12)') : undefined, points: { show: false }, spanGaps: false,
    }));
}

/// A chart in `into`. onHover(index | null): where the crosshair is, of all charts of the page.
export function plot(into, { series, unit, height, onHover }, data) {
    return new uPlot(
        {
            width: Math.max(200, into.clientWidth), height,
            legend: { show: false },
            padding: [8, 18, 0, 0],
            cursor: { sync: { key: 'traffic', setSeries: false }, y: false, drag: { x: false, y: false }, points: { size: 7 } },
            scales: { x: { time: true }, y: { range: (_, __, high) => [0, high > 0 ? high * 1.08 : 1] } },
            axes: axes(unit),
            series: [{}, ...lines(series)],
            hooks: { setCursor: [(u) => onHover(u.cursor.left >= 0 ? (u.cursor.idx ?? null) : null)] },
        },
        data,
        into,
    );
}
