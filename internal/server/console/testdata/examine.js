// What is asked of every page; gives JSON of a list of complaints. It runs in the page, by the debugger.
(() => {
  const bad = [];
  const all = (q) => [...document.querySelectorAll(q)];
  const name = (e) => e.outerHTML.replace(/\s+/g, " ").slice(0, 120);
  const shown = (e) => e.getClientRects().length > 0 && getComputedStyle(e).visibility !== "hidden";

  if (!document.documentElement.lang) bad.push("no language");
  if (!document.title.trim()) bad.push("no title");
  for (const q of ["header", "main", "footer"]) if (all(q).length !== 1) bad.push("not one " + q);
  if (all("h1").length !== 1) bad.push("not one h1");
  let level = 0;
  for (const h of all("h1, h2, h3, h4, h5, h6")) {
    const n = Number(h.tagName[1]);
    if (n > level + 1) bad.push("heading skips a level: " + name(h));
    level = n;
    if (!h.textContent.trim()) bad.push("empty heading: " + name(h));
  }
  const ids = all("[id]").map((e) => e.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) bad.push("id twice: " + id);
  for (const e of all("[aria-labelledby]")) if (!document.getElementById(e.getAttribute("aria-labelledby"))) bad.push("label is not there: " + name(e));
  for (const e of all("input:not([type=hidden]), select, textarea")) if (!e.labels.length) bad.push("no label: " + name(e));
  for (const e of all("a, button, summary")) if (!e.textContent.trim()) bad.push("no text: " + name(e));
  for (const e of all("th")) if (!e.scope) bad.push("no scope: " + name(e));
  // A list is a table for who listens, whatever it looks like: on a narrow screen its rows are cards with the columns' names in them.
  for (const t of all("table.list")) {
    const heads = [...t.tHead.rows[0].cells].map((e) => e.textContent);
    for (const r of t.tBodies[0].rows) [...r.cells].forEach((e, i) => {
      if (i && e.dataset.label !== heads[i]) bad.push("not of the column " + heads[i] + ": " + name(e));
    });
    const roles = { TABLE: "table", THEAD: "rowgroup", TBODY: "rowgroup", TR: "row", TD: "cell" };
    for (const e of [t, ...t.querySelectorAll("thead, tbody, tr, th, td")]) {
      const want = roles[e.tagName] || (e.scope === "col" ? "columnheader" : "rowheader");
      if (e.getAttribute("role") !== want) bad.push("not a " + want + ": " + name(e));
    }
    const s = t.closest(".scroll");
    if (window.innerWidth <= 480 && s.scrollWidth > s.clientWidth) bad.push("must be scrolled sideways: " + name(t));
  }
  for (const e of all("nav")) if (!e.getAttribute("aria-label")) bad.push("nav without a name: " + name(e));
  for (const e of all("svg")) if (e.getAttribute("aria-hidden") !== "true") bad.push("a picture that is read: " + name(e));
  for (const e of all("script, style, iframe, img, object, [style]")) bad.push("must not be there: " + name(e));
  for (const e of all(".mark.failed")) if (!e.parentElement.textContent.trim()) bad.push("a red X without words: " + name(e.parentElement));

  // WCAG 2.2, 2.5.8: what is pressed is 24 pixels high and wide, unless it stands in a line of text.
  for (const e of all("button, select, input:not([type=hidden]), nav a, summary, .tiles a")) {
    const r = e.getBoundingClientRect();
    if (shown(e) && (r.width < 24 || r.height < 24)) bad.push("too small to press: " + name(e));
  }

  // 1.4.10: nothing is wider than the window.
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > width) {
    bad.push("the page is " + document.documentElement.scrollWidth + " wide in a window of " + width);
    for (const e of all("body *")) if (e.getBoundingClientRect().right > width + 1 && !e.closest(".scroll")) bad.push("too wide: " + name(e));
  }

  // 1.4.3: contrast of text with what it stands on.
  const colour = (text) => {
    const m = text.match(/[\d.]+/g).map(Number);
    return { r: m[0], g: m[1], b: m[2], a: m.length > 3 ? m[3] : 1 };
  };
  const light = (c) => {
    const f = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    return 0.2126 * f(c.r) + 0.7152 * f(c.g) + 0.0722 * f(c.b);
  };
  const ratio = (a, b) => {
    const [x, y] = [light(a), light(b)].sort((p, q) => q - p);
    return (x + 0.05) / (y + 0.05);
  };
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const c = colour(getComputedStyle(e).backgroundColor);
      if (c.a === 1) return c;
      if (c.a !== 0) bad.push("half transparent: " + name(e));
    }
    return { r: 255, g: 255, b: 255, a: 1 };
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const seen = new Set();
  for (let n = walker.nextNode(); n; n = walker.nextNode()) {
    const e = n.parentElement;
    if (!n.textContent.trim() || seen.has(e) || !shown(e)) continue;
    seen.add(e);
    const style = getComputedStyle(e), size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const r = ratio(colour(style.color), ground(e));
    if (r < (large ? 3 : 4.5)) bad.push("contrast " + r.toFixed(2) + ": " + name(e));
  }
  // 1.4.11: marks, and the borders of what is filled in.
  for (const e of all(".mark")) if (shown(e)) {
    const r = ratio(colour(getComputedStyle(e).fill), ground(e.parentElement));
    if (r < 3) bad.push("contrast of a mark " + r.toFixed(2) + ": " + name(e));
  }
  for (const e of all("input:not([type=hidden]), select")) {
    const r = ratio(colour(getComputedStyle(e).borderTopColor), ground(e.parentElement));
    if (r < 3) bad.push("contrast of a border " + r.toFixed(2) + ": " + name(e));
  }
  return JSON.stringify([...new Set(bad)]);
})()
