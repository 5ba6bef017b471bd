// Copies what the site serves from node_modules into qifu/portal/static/vendor, and the icons in use into one sprite.
// Run by `npm run build`. Add an icon: put its Tabler name into ICONS and run it again.
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const modules = join(here, "..", "..", "node_modules");
const vendor = join(here, "static", "vendor");

const FILES = {
  "@tabler/core/dist/css/tabler.min.css": "tabler.min.css",
  "htmx.org/dist/htmx.min.js": "htmx.min.js",
  "echarts/dist/echarts.common.min.js": "echarts.min.js",
};

const ICONS = `
  alert-circle alert-triangle arrow-left arrow-right arrow-up arrow-down arrows-sort bell building building-community
  calendar calendar-due chart-bar check checklist checks chevron-down chevron-left chevron-right circle-check
  circle-dashed circle-x clipboard-list clock cloud-upload database download edit external-link eye file-check file-diff file-search
  file-spreadsheet file-text file-type-docx file-upload filter flag flask folder help history home hourglass id info-circle keyboard
  layout-dashboard link list list-check list-details lock login logout map map-pin menu-2 message message-question news
  pencil player-pause player-stop plus printer quote refresh replace report rosette-discount-check rotate search send
  settings shield-lock sitemap table target target-arrow text-size trash typography upload user user-circle users
  versions world writing x zoom-question
`.trim().split(/\s+/);

function symbol(name) {
  const svg = readFileSync(join(modules, "@tabler/icons/icons/outline", `${name}.svg`), "utf8");
  const shapes = svg.replace(/^[\s\S]*?<svg[^>]*>/, "").replace(/<\/svg>\s*$/, "").replace(/\s*\n\s*/g, "");
  return `<symbol id="${name}" viewBox="0 0 24 24">${shapes}</symbol>`;
}

rmSync(vendor, { recursive: true, force: true });
mkdirSync(vendor, { recursive: true });
for (const [from, to] of Object.entries(FILES)) copyFileSync(join(modules, from), join(vendor, to));
const symbols = ICONS.map(symbol).join("\n");
writeFileSync(
  join(vendor, "icons.svg"),
  `<svg xmlns="http://www.w3.org/2000/svg" fill="none" stroke="currentColor" stroke-width="2" ` +
    `stroke-linecap="round" stroke-linejoin="round">\n${symbols}\n</svg>\n`,
);
console.log(`vendor: ${Object.keys(FILES).length} files, ${ICONS.length} icons`);
