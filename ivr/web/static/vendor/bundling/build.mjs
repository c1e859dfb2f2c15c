// Bundles the libraries that the pages use into ../*.js, with their licences and hashes, so that a hotline's machine needs neither
// Node nor a network. Run it after a change of package.json: `npm ci && node build.mjs`.
import { createHash } from "node:crypto";
import { copyFileSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const bundles = ["preact", "jssip", "uplot", "codemirror"];
const made = await build({
  entryPoints: bundles.map((name) => `${name}.js`),
  outdir: "..",
  bundle: true,
  format: "esm",
  minify: true,
  legalComments: "none",
  metafile: true,
  target: "es2022",
  define: { global: "globalThis", "process.env.NODE_ENV": '"production"' },
});
copyFileSync("node_modules/uplot/dist/uPlot.min.css", "../uplot.css");

const packages = new Set();
for (const input of Object.keys(made.metafile.inputs)) {
  const found = input.match(/^node_modules\/((?:@[^/]+\/)?[^/]+)\//);
  if (found) packages.add(found[1]);
}
packages.add("uplot");
const licences = [...packages].sort().map((name) => {
  const folder = `node_modules/${name}`;
  const { version, license } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
  const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
  return `${name} ${version} (${license})\n\n${file ? readFileSync(`${folder}/${file}`, "utf8").trim() : license}\n`;
});
writeFileSync("../LICENSES.txt", licences.join(`\n${"-".repeat(78)}\n\n`));

const hashes = Object.fromEntries(
  [...bundles.map((name) => `${name}.js`), "uplot.css"].map((name) => [
    name,
    createHash("sha256").update(readFileSync(`../${name}`)).digest("hex"),
  ]),
);
writeFileSync("../hashes.json", `${JSON.stringify(hashes, null, 2)}\n`);
