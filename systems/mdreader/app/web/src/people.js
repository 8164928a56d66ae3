// People as circles with initials, and sharing with more of them.

import { get, post } from "./api.js";
import { h } from "./dom.js";
import { field, form, openDialog } from "./forms.js";

const HUES = [8, 42, 96, 158, 200, 248, 288, 330];

/** A colour that a person keeps. @param {string} id */
export function hue(id) {
  return HUES[[...id].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) >>> 0, 7) % HUES.length];
}

/** @param {string} name */
export function initials(name) {
  const words = name.trim().split(/\s+/);
  return (words[0][0] + (words.length > 1 ? words[words.length - 1][0] : "")).toUpperCase();
}

/** @param {{id: string, name: string, typing?: boolean}} person */
export function face({ id, name, typing = false }) {
  const circle = h("span", { class: typing ? "face typing" : "face", "aria-hidden": "true" }, initials(name));
  circle.style.setProperty("--hue", String(hue(id)));
  return h(
    "li",
    { title: name },
    circle,
    h("span", { class: "visually-hidden" }, typing ? `${name} is writing` : name),
  );
}

/** The people of a workspace. @param {any[]} members */
export function faces(members) {
  const shown = members.slice(0, 5).map((member) => face({ id: member.id, name: member.full_name }));
  const more = members.length - shown.length;
  return h(
    "ul",
    { class: "faces", "aria-label": "People of this workspace" },
    ...shown,
    more > 0 && h("li", { class: "more" }, `+${more}`),
  );
}

/** A dialog that shows who is in a workspace and adds others. @param {string} workspace @param {(members: any[]) => void} [changed] */
export async function share(workspace, changed = () => undefined) {
  let members = await get(`/workspaces/${workspace}/members`);
  const list = h("ul", { class: "members" });
  const done = h("p", { class: "done", role: "status" });
  const fill = () => list.replaceChildren(...members.map(row));
  fill();
  openDialog("Share", () => {
    const asked = form(
      {
        submit: "Add",
        send: async (values) => {
          done.textContent = "";
          const added = await post(`/workspaces/${workspace}/members`, values);
          members = [...members, added];
          fill();
          changed(members);
          asked.reset();
          done.textContent = `${added.full_name} can read and write here now.`;
        },
      },
      field({
        label: "E-mail",
        hint: "Of somebody who has an account.",
        name: "email",
        type: "email",
        required: true,
        autocomplete: "off",
        maxLength: 254,
      }),
    );
    asked.classList.add("inline");
    return [asked, done, h("h3", {}, "People of this workspace"), list];
  });
}

/** @param {any} member */
function row(member) {
  const item = face({ id: member.id, name: member.full_name });
  item.querySelector(".visually-hidden").remove();
  item.removeAttribute("title");
  item.append(
    h("div", {}, h("span", {}, member.full_name), h("span", { class: "about" }, member.email)),
    h("span", { class: "about" }, member.role === "owner" ? "Owner" : "Can write"),
  );
  return item;
}
