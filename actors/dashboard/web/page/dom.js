"use strict";

// Elements are made of tags and text only. All text passes `inert`, and nothing is ever parsed as markup.

const SVG = "http://www.w3.org/2000/svg";
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;

// As actors.log.format.inert: what would not be drawn, or would change how the rest is, as Python escapes.
function inert(text) {
  return String(text).replace(UNPRINTABLE, (char) => {
    const hex = char.codePointAt(0).toString(16);
    if (hex.length <= 2) return `\\x${hex.padStart(2, "0")}`;
    return hex.length <= 4 ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
  });
}

const byId = (id) => document.getElementById(id);

function element(tag, className = "", text = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== "") made.textContent = inert(text);
  return made;
}

function shape(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

// These write only what has changed: a page that stands still costs nothing to draw, and keeps what is selected in it.
function say(node, text) {
  const words = inert(text);
  if (node.textContent !== words) node.textContent = words;
}

function mark(node, name, value) {
  if (value === null) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

function hint(node, text) {
  mark(node, "title", text === "" ? null : inert(text));
}

// Makes `parent` have one child an item, in order, and keeps the children whose key stays: focus and scroll with them.
function each(parent, items, key, make, update) {
  const known = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  const focused = parent.contains(document.activeElement) ? document.activeElement : null;
  let place = parent.firstElementChild;
  for (const item of items) {
    const name = String(key(item));
    let child = known.get(name);
    known.delete(name);
    if (child === undefined) {
      child = make(item);
      child.dataset.key = name;
    }
    if (child === place) place = place.nextElementSibling;
    else parent.insertBefore(child, place);
    update(child, item);
  }
  for (const child of known.values()) child.remove();
  if (focused !== null && focused.isConnected && document.activeElement !== focused) focused.focus({ preventScroll: true });
}

// A list of lines, each made of named parts; an empty one says so.
function lines(list, items, key, parts, update, none) {
  const shown = items.length > 0 ? items : [null];
  each(
    list,
    shown,
    (item) => (item === null ? "none" : key(item)),
    (item) => {
      if (item === null) return element("li", "none", none);
      const line = element("li");
      line.append(...parts.map((name) => element("span", name)));
      return line;
    },
    (line, item) => item !== null && update(line.children, item, line),
  );
}
