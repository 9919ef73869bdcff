/** The built page in a real Chromium, as the browser tests drive it. The page is served from a subfolder, as on any static host. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { chromium } from 'playwright-core';
import { cargoArtifact } from '../../scripts/build.mjs';
import { serve } from '../../scripts/serve.mjs';
import { ROOT, ensureChromium, run } from '../../scripts/tools.mjs';

export const ARGUMENTS = ['--no-sandbox', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run', '--disable-quic'];

/** What Chromium says by itself where a page asks for a GPU and there is none. */
const NO_GPU = 'No available adapters.';

export const sample = (name) => join(ROOT, 'samples', name);

/** A browser, a server, the command line tool, and a folder for files. */
export class Stage {
  complaints = [];

  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'deepcomp-page-'));
  }

  /** Serves the page from another folder from now on. */
  async serve(folder) {
    await this.server?.close();
    this.server = await serve({ prefix: '/some/folder/', ...(folder && { folder }) });
  }

  async open(...args) {
    this.cli = cargoArtifact(['-p', 'deepcomp-cli'], (path) => /^deepcomp(\.exe)?$/.test(basename(path)));
    await this.serve();
    this.browser = await chromium.launch({ executablePath: ensureChromium(), args: [...ARGUMENTS, ...args] });
  }

  async close() {
    await this.browser?.close();
    await this.server?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  temporary(name) {
    return join(this.folder, name);
  }

  /** A new page with the sample on it; `prepare` sees the context before anything is loaded. */
  async openPage(options = {}, prepare = async () => {}) {
    await this.context?.close();
    this.complaints = [];
    this.context = await this.browser.newContext({ viewport: { width: 1280, height: 800 }, acceptDownloads: true, ...options });
    await prepare(this.context);
    this.page = await this.context.newPage();
    this.page.setDefaultTimeout(60_000);
    this.page.on('console', (message) => ['error', 'warning'].includes(message.type()) && message.text() !== NO_GPU && this.complaints.push(message.text()));
    this.page.on('pageerror', (error) => this.complaints.push(error.message));
    this.page.on('request', (request) => request.url().startsWith(this.server.url) || request.url().startsWith('blob:') || this.complaints.push(request.url()));
    await this.page.goto(this.server.url);
    await this.sampleShown();
  }

  async closePage() {
    await this.context.close();
    assert.deepEqual(this.complaints, [], 'no errors in the console, none against the content security policy, no request elsewhere');
  }

  /** Text of an element with ordinary spaces. */
  async text(selector) {
    return (await this.page.locator(selector).innerText()).replace(/[\u202f\u00a0]/g, ' ');
  }

  shows(selector, pattern) {
    return this.page.waitForFunction(([s, p]) => new RegExp(p).test(document.querySelector(s)?.textContent.replace(/[\u202f\u00a0]/g, ' ') ?? ''), [selector, pattern]);
  }

  /** Waits until nothing is under way. */
  settled() {
    return this.page.waitForSelector('main[aria-busy=false]');
  }

  async sampleShown() {
    await this.settled();
    await this.shows('#readout', 'Point at a map');
  }

  async choose(path) {
    await this.page.setInputFiles('#file', path);
    await this.settled();
  }

  async opened(path) {
    await this.choose(path);
    assert.ok((await this.text('#file-name')).startsWith(`${basename(path)} `));
  }

  /** Picks where the network runs. */
  runOn(backend) {
    return this.page.locator(`[name=backend][value=${backend}]`).setChecked(true, { force: true });
  }

  async compress(kind, amount) {
    await this.page.locator(`[name=kind][value=${kind}]`).setChecked(true, { force: true });
    if (amount !== undefined) await this.page.fill('#amount', String(amount));
    await this.page.click('#compress');
    await this.settled();
    assert.ok(await this.page.locator('#verdict').isVisible(), await this.page.locator('#message').textContent());
  }

  async saved(kind) {
    if (kind !== 'archive') await this.page.selectOption('#save-format', kind);
    const [download] = await Promise.all([this.page.waitForEvent('download'), this.page.click(kind === 'archive' ? '#save-archive' : '#save-file')]);
    return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
  }

  /** The archive the command line tool makes, as a file. */
  archiveOf(inputs, name, ...bound) {
    const path = this.temporary(name);
    run(this.cli, ['compress', ...inputs, '-o', path, '--no-times', ...bound], { capture: true });
    return path;
  }

  extracted(archive, ...options) {
    const target = mkdtempSync(join(this.folder, 'out-'));
    run(this.cli, ['extract', archive, '-C', target, ...options], { capture: true });
    return (name) => readFileSync(join(target, name));
  }
}
