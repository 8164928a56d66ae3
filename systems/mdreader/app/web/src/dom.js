// Small helpers to make and find elements.

/**
 * Make an element. Properties beginning with "on" are listeners, "class" and names with a dash are attributes,
 * `undefined` and `false` are left out; children are elements or text.
 * @param {string} tag
 * @param {Record<string, any>} [properties]
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {any}
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class" || name.includes("-") || name === "for" || name === "role")
      element.setAttribute(name, value);
    else if (name in element && name !== "list") /** @type {any} */ (element)[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children) if (child) element.append(child);
  return element;
}

/** @param {string} id @returns {any} */
export function byId(id) {
  return document.getElementById(id);
}

/**
 * An icon of lines, drawn in 20 by 20.
 * @param {string} path
 */
export function icon(path) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [name, value] of Object.entries({ viewBox: "0 0 20 20", class: "icon", "aria-hidden": "true" }))
    svg.setAttribute(name, value);
  const line = document.createElementNS(svg.namespaceURI, "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

export const ICONS = {
  back: "M12 4 6 10l6 6",
  plus: "M10 4v12M4 10h12",
  share:
    "M8 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM2.5 16.5c.4-3 2.6-4.700 5.5-4.700s5.100 1.700 5.5 4.700M15.5 6.5v5M13 9h5",
  trash: "M4 6h12M8 6V4h4v2M5.5 6l.7 10h7.600l.7-10",
  link: "M8.5 11.5l3-3M7 9.5 5.300 11.200a2.5 2.5 0 0 0 3.5 3.5l1.700-1.700M13 10.5l1.700-1.700a2.5 2.5 0 0 0-3.5-3.5L9.5 7",
  list: "M8 5.5h8M8 10h8M8 14.5h8M4 5.5h.01M4 10h.01M4 14.5h.01",
  quote: "M5 4.5v11M9 6h7M9 10h7M9 14h5",
  code: "M7.5 5.5 3 10l4.5 4.5M12.5 5.5 17 10l-4.5 4.5",
  page: "M5 2.5h7l3 3v12H5zM12 2.5v3h3M7.5 10h5M7.5 13h5",
  folder: "M2.5 5.5h5l1.5 2h8.5v8h-15z",
};

/** Say something to those who listen rather than look. @param {string} text */
export function announce(text) {
  byId("announcer").textContent = text;
}
