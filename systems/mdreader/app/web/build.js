// Bundles src/ into dist/. Names without hashes: index.html names them, and a deployment replaces all files at once.
import { cp, rm } from "node:fs/promises";
import { build } from "esbuild";

await rm("dist", { recursive: true, force: true });
await build({
  entryPoints: ["src/main.js", "src/style.css"],
  outdir: "dist",
  bundle: true,
  minify: true,
  splitting: true,
  format: "esm",
  target: ["chrome111", "firefox115", "safari16.4"],
  chunkNames: "chunks/[name]-[hash]",
  assetNames: "fonts/[name]",
  loader: { ".woff2": "file" },
  sourcemap: true,
  legalComments: "linked",
  logLevel: "warning",
});
await cp("src/public", "dist", { recursive: true });
