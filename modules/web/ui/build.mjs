// SPDX-License-Identifier: Apache-2.0
// node build.mjs OUT: the files that a browser gets, below /_/ui/. Asks for nothing outside; fails above the budget.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import esbuild from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const out = resolve(process.argv[2] ?? 'dist');
const place = '/_/ui/';
const budget = { first: 60 * 1024, all: 110 * 1024 };

// ---- licences of what is bundled: a module of its own that the page "about" asks for

const packages = Object.keys(JSON.parse(readFileSync(join(here, 'package.json'), 'utf8')).dependencies);

function licenceOf(name) {
    const folder = join(here, 'node_modules', name);
    const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const file = readdirSync(folder).find((f) => /^licen[cs]e/i.test(f));
    if (!file) throw new Error(`${name} has no licence file`);
    return { name, version, license, text: readFileSync(join(folder, file), 'utf8').trim() };
}

const licences = {
    name: 'licences',
    setup(build) {
        build.onResolve({ filter: /^licences$/ }, () => ({ path: 'licences', namespace: 'licences' }));
        build.onLoad({ filter: /.*/, namespace: 'licences' }, () => ({
            contents: JSON.stringify(packages.map(licenceOf)),
            loader: 'json',
        }));
    },
};

function refuseUnnamed(inputs) {
    for (const input of Object.keys(inputs)) {
        const name = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1];
        if (name && !packages.includes(name)) throw new Error(`${name} is bundled, but is no dependency in package.json`);
    }
}

// ---- the files

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const built = await esbuild.build({
    absWorkingDir: here,
    entryPoints: { app: 'src/main.js', theme: 'src/theme.js', style: 'style/style.css', icon: 'src/icon.svg' },
    outdir: out,
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    loader: { '.svg': 'copy' },
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    target: ['es2022', 'chrome123', 'firefox120', 'safari17.5'],
    charset: 'utf8',
    legalComments: 'linked',
    metafile: true,
    logLevel: 'warning',
    plugins: [licences],
});
const { inputs, outputs } = built.metafile;
refuseUnnamed(inputs);

const names = Object.keys(outputs).map((path) => ({ path, name: relative(out, resolve(here, path)), ...outputs[path] }));
const entry = (start, suffix) => names.find((o) => o.name.startsWith(`${start}-`) && o.name.endsWith(suffix));
const parts = { app: entry('app', '.js'), theme: entry('theme', '.js'), style: entry('style', '.css'), icon: entry('icon', '.svg') };

function withStaticImports(output, seen = new Set()) {
    seen.add(output.name);
    for (const { path, kind } of output.imports)
        if (kind === 'import-statement') {
            const next = names.find((o) => o.path === path);
            if (next && !seen.has(next.name)) withStaticImports(next, seen);
        }
    return seen;
}

const first = withStaticImports(parts.app);
const preloads = [...first].filter((n) => n !== parts.app.name).map((n) => `<link rel="modulepreload" href="${place}${n}">`);
const page = readFileSync(join(here, 'index.html'), 'utf8')
    .replace('<!-- modules -->\n', preloads.join('\n') + (preloads.length ? '\n' : ''))
    .replace(/%(app|theme|style|icon)%/g, (_, part) => place + parts[part].name);
writeFileSync(join(out, 'index.html'), page);

// ---- what it weighs

for (const part of ['theme', 'style', 'icon']) first.add(parts[part].name);
first.add('index.html');
let all = 0;
let atFirst = 0;
for (const name of readdirSync(out).sort()) {
    const content = readFileSync(join(out, name));
    const size = gzipSync(content, { level: 9 }).length;
    all += size;
    if (first.has(name)) atFirst += size;
    console.log(`${String(content.length).padStart(8)} ${String(size).padStart(7)}  ${first.has(name) ? 'first' : '     '}  ${name}`);
}
const stamp = createHash('sha256').update(page).digest('hex').slice(0, 8);
console.log(`dashboard ${stamp}: first load ${atFirst} bytes with gzip (at most ${budget.first}), all ${all} (at most ${budget.all})`);
if (atFirst > budget.first || all > budget.all) {
    console.error('build.mjs: over the budget');
    process.exit(1);
}
