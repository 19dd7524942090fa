// The report page. Its data lie in script elements of a type that no browser runs, packed: the table in #index, the
// details of cases in #d0, #d1, ..., which are unpacked when one of their cases is opened (page_data.cpp makes both).
// All that comes from a run is put into the page as text, never as markup.
"use strict";

(() => {
  const ROW_HEIGHT = 30; // CSS pixels, as in report.css
  const SPARE_ROWS = 12; // drawn beyond what is seen
  const NOTHING = -1; // a case without details
  const LEFT_OUT = -2; // a case whose details would take too much
  const SIGNS = { passed: "✓", failed: "✗", unverified: "?", expected: "!", obsolete: "∅", skipped: "–" };
  // From the least to the largest: cividis, which colour-blind eyes see as everybody does.
  const RAMP = ["#00224e", "#123570", "#3b496c", "#575d6d", "#707173", "#8a8678", "#a59c74", "#c3b369", "#e1cc55", "#fee838"];
  const NOT_FINITE = "#d55e00";

  const byId = (id) => document.getElementById(id);

  function element(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key === "class") made.className = value;
      else if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
      else if (value !== false && value !== undefined) made.setAttribute(key, value === true ? "" : value);
    }
    made.append(...children.filter((child) => child !== undefined && child !== ""));
    return made;
  }

  async function unpacked(id) {
    const text = atob(byId(id).textContent);
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; ++i) bytes[i] = text.charCodeAt(i);
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  }

  // Numbers

  const grouped = (number) => number.toLocaleString("en-US");
  const counted = (number, noun) => `${grouped(number)} ${noun}${number === 1 ? "" : "s"}`;
  const toNumber = (json) => (json === "inf" ? Infinity : json === "-inf" ? -Infinity : json === "nan" ? NaN : json);

  function short(number, digits = 3) {
    if (number === undefined || number === null) return "";
    if (!Number.isFinite(number)) return number > 0 ? "∞" : number < 0 ? "−∞" : "NaN";
    const magnitude = Math.abs(number);
    if (number === 0 || (magnitude >= 0.001 && magnitude < 1e6)) return String(Number(number.toPrecision(digits)));
    return number.toExponential(digits - 1).replace(/\.?0*e\+?/, "e");
  }

  function rtolText(exponent) {
    const whole = Math.floor(exponent);
    const digits = 10 ** (exponent - whole);
    return digits < 1.005 ? `1e${whole}` : `${digits.toFixed(1)}e${whole}`;
  }

  const secondsText = (seconds) =>
    seconds >= 1 ? `${short(seconds)} s` : seconds >= 1e-3 ? `${short(seconds * 1e3)} ms` : `${short(seconds * 1e6)} µs`;

  // The table

  let rows = []; // as below
  let names = {}; // modules, verdicts, kinds, groups
  let seen = []; // the rows that the filters leave, in the order of the table
  let active = 0; // of seen: what the keyboard moves
  let opened = null; // the row whose details are shown
  const filter = { words: [], verdict: -1, module: -1, kind: -1, group: -1 };
  const order = { key: "worst", down: true };
  const tolerance = { exponent: -5, alone: false, only: false, needed: [], neededAlone: [] };

  function rowOf(cells, place) {
    const [id, label, module, verdict, kind, reason, how, seconds, ulps, tolerances, rtol, rtolAlone, group, piece, at] = cells;
    const [name, standing] = names.verdicts[verdict];
    return {
      place, id, label, module, verdict, kind, reason, how, seconds, group, piece, at, name, standing,
      ulps: toNumber(ulps), tolerances: toNumber(tolerances), rtol: toNumber(rtol), rtolAlone: toNumber(rtolAlone),
      words: "",
    };
  }

  const wordsOf = (row) =>
    row.words || (row.words = `${row.label} ${row.reason} ${row.how} ${names.kinds[row.kind]} ${row.name}`.toLowerCase());

  function failsAt(row) {
    const needed = tolerance.alone ? row.rtolAlone : row.rtol;
    return needed > 10 ** tolerance.exponent * (1 + 1e-12);
  }

  // A second click turns the order round; of numbers, the largest come first.
  const COLUMNS = [
    { key: "verdict", title: "Verdict", value: (row) => row.verdict },
    { key: "case", title: "Case", value: (row) => row.label },
    { key: "kind", title: "Kind", value: (row) => names.kinds[row.kind] },
    { key: "ulps", title: "Worst ulp", value: (row) => row.ulps, number: true, hint: "the largest distance, in units in the last place" },
    { key: "tolerances", title: "Tolerances", value: (row) => row.tolerances, number: true, hint: "the largest difference, in tolerances: more than 1 fails" },
    { key: "rtol", title: "Needs rtol", value: (row) => row.rtol, number: true, hint: "the least rtol that would let the case pass, with the atol of the run" },
    { key: "seconds", title: "Time", value: (row) => row.seconds, number: true, hint: "of the call alone" },
  ];

  function select() {
    seen = rows.filter(
      (row) =>
        (filter.verdict < 0 || row.verdict === filter.verdict) &&
        (filter.module < 0 || row.module === filter.module) &&
        (filter.kind < 0 || row.kind === filter.kind) &&
        (filter.group < 0 || row.group === filter.group) &&
        (!tolerance.only || failsAt(row)) &&
        filter.words.every((word) => wordsOf(row).includes(word)),
    );
    const column = COLUMNS.find((each) => each.key === order.key);
    if (column) {
      const sign = order.down ? -1 : 1;
      const compare = column.number || column.key === "verdict"
        ? (a, b) => column.value(a) - column.value(b) || 0
        : (a, b) => (column.value(a) < column.value(b) ? -1 : column.value(a) > column.value(b) ? 1 : 0);
      seen.sort((a, b) => sign * compare(a, b) || a.place - b.place);
    }
    active = Math.max(0, Math.min(active, seen.length - 1));
    byId("count").textContent =
      seen.length === rows.length ? counted(rows.length, "case") : `${grouped(seen.length)} of ${counted(rows.length, "case")}`;
    byId("scroll").scrollTop = 0;
    drawHeads();
    drawRows();
  }

  function drawHeads() {
    byId("heads").replaceChildren(
      ...COLUMNS.map((column) => {
        const sorted = order.key === column.key;
        const arrow = sorted ? (order.down ? " ▼" : " ▲") : "";
        return element(
          "th",
          { class: `c-${column.key}${column.number ? " number" : ""}`, scope: "col",
            "aria-sort": sorted ? (order.down ? "descending" : "ascending") : "none" },
          element("button", { type: "button", title: column.hint, "data-sort": column.key, onclick: () => sortBy(column) },
                  column.title + arrow),
        );
      }),
    );
  }

  function sortBy(column) {
    if (order.key === column.key) order.down = !order.down;
    else Object.assign(order, { key: column.key, down: Boolean(column.number) });
    select();
    document.querySelector(`[data-sort="${column.key}"]`).focus();
  }

  const verdictText = (row) => `${SIGNS[row.standing] || ""} ${row.name}`;

  function rowElement(index) {
    const row = seen[index];
    const cells = [
      element("td", { class: `c-verdict ${row.standing}` }, verdictText(row)),
      element("td", { class: "c-case", title: row.label }, row.label),
      element("td", { class: "c-kind", title: row.how || row.reason }, names.kinds[row.kind] || row.reason),
      element("td", { class: "c-ulps number" }, row.ulps >= 0 ? short(row.ulps) : ""),
      element("td", { class: "c-tolerances number" }, row.tolerances >= 0 ? short(row.tolerances) : ""),
      element("td", { class: "c-rtol number" }, row.rtol >= 0 ? short(row.rtol) : ""),
      element("td", { class: "c-seconds number" }, secondsText(row.seconds)),
    ];
    return element(
      "tr",
      { class: `row${row === opened ? " chosen" : ""}`, "data-index": index, "aria-rowindex": index + 2,
        tabindex: index === Math.max(active, 0) ? 0 : -1 },
      ...cells,
    );
  }

  // Only the rows that are seen are in the page; two others are as high as all above and below them.
  let drawnFrom = -1;
  let drawnTo = -1;
  function drawRows(keepFocus = false) {
    const scroll = byId("scroll");
    const first = Math.max(0, Math.floor(scroll.scrollTop / ROW_HEIGHT) - SPARE_ROWS);
    const last = Math.min(seen.length, Math.ceil((scroll.scrollTop + scroll.clientHeight) / ROW_HEIGHT) + SPARE_ROWS);
    const hadFocus = keepFocus || byId("body").contains(document.activeElement);
    const drawn = [];
    for (let i = first; i < last; ++i) drawn.push(rowElement(i));
    byId("body").replaceChildren(gap(first), ...drawn, gap(seen.length - last));
    byId("table").setAttribute("aria-rowcount", seen.length + 1);
    drawnFrom = first;
    drawnTo = last;
    if (hadFocus && active >= first && active < last) drawn[active - first].focus({ preventScroll: true });
  }

  function gap(count) {
    // One cell: more would make columns of those that are hidden beside an open case.
    const cell = element("td", { class: "gap" });
    cell.style.height = `${count * ROW_HEIGHT}px`;
    return element("tr", { "aria-hidden": "true", hidden: count === 0 }, cell);
  }

  function moveTo(index) {
    if (seen.length === 0) return;
    active = Math.max(0, Math.min(seen.length - 1, index));
    const scroll = byId("scroll");
    const top = active * ROW_HEIGHT;
    const room = scroll.clientHeight - 2 * ROW_HEIGHT; // the heads take some of it
    if (top < scroll.scrollTop) scroll.scrollTop = top;
    else if (top > scroll.scrollTop + room) scroll.scrollTop = top - room;
    drawRows(true);
  }

  // Filters

  function option(value, text) {
    return element("option", { value }, text);
  }

  function fillSelect(id, texts, key, empty) {
    const counts = new Map();
    for (const row of rows) counts.set(row[key], (counts.get(row[key]) || 0) + 1);
    const values = [...counts.keys()].filter((value) => texts[value] !== "");
    values.sort((a, b) => (texts[a] < texts[b] ? -1 : 1));
    byId(id).replaceChildren(option(-1, empty), ...values.map((value) => option(value, `${texts[value]} (${counts.get(value)})`)));
    byId(id).addEventListener("change", () => {
      filter[key] = Number(byId(id).value);
      select();
    });
  }

  function drawVerdicts() {
    const counts = new Map();
    for (const row of rows) counts.set(row.verdict, (counts.get(row.verdict) || 0) + 1);
    const buttons = [...counts.keys()].map((verdict) => {
      const [name, standing] = names.verdicts[verdict];
      const pressed = filter.verdict === verdict;
      return element(
        "button",
        { type: "button", "aria-pressed": String(pressed), "data-verdict": name, onclick: () => {
          filter.verdict = pressed ? -1 : verdict;
          drawVerdicts();
          select();
        } },
        element("span", { class: standing }, `${SIGNS[standing] || ""} ${name}`), ` ${grouped(counts.get(verdict))}`,
      );
    });
    byId("verdicts").replaceChildren(...buttons);
  }

  let allGroups = false;
  function drawGroups() {
    const MOST = 8;
    const sizes = new Map();
    for (const row of rows) if (row.group >= 0) sizes.set(row.group, (sizes.get(row.group) || 0) + 1);
    const groups = [...sizes.entries()].filter(([, size]) => size > 1).sort((a, b) => b[1] - a[1]);
    byId("alike").hidden = groups.length === 0;
    const shown = allGroups ? groups : groups.slice(0, MOST);
    const items = shown.map(([group, size]) =>
      element(
        "li", {},
        element(
          "button",
          { type: "button", "aria-pressed": String(filter.group === group), "data-group": group, onclick: () => {
            filter.group = filter.group === group ? -1 : group;
            drawGroups();
            select();
          } },
          element("b", {}, counted(size, "case")), element("span", {}, names.groups[group]),
        ),
      ));
    if (groups.length > shown.length) {
      const more = () => { allGroups = true; drawGroups(); };
      items.push(element("li", {}, element("button", { type: "button", onclick: more },
                                           element("b", {}, "…"), element("span", {}, `${groups.length - shown.length} more groups`))));
    }
    byId("groups").replaceChildren(...items);
  }

  function clearFilters() {
    Object.assign(filter, { words: [], verdict: -1, module: -1, kind: -1, group: -1 });
    tolerance.only = false;
    byId("search").value = "";
    byId("module").value = byId("kind").value = "-1";
    byId("rtol-only").checked = false;
    drawVerdicts();
    drawGroups();
    select();
  }

  // The rtol slider

  const countAbove = (sorted, limit) => {
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sorted[middle] > limit) high = middle;
      else low = middle + 1;
    }
    return sorted.length - low;
  };
  const failing = (exponent) =>
    countAbove(tolerance.alone ? tolerance.neededAlone : tolerance.needed, 10 ** exponent * (1 + 1e-12));

  let rtolPlot = null;
  function drawTolerance() {
    const fail = failing(tolerance.exponent);
    const always = failing(300);
    byId("rtol-text").textContent = rtolText(tolerance.exponent);
    byId("rtol").setAttribute("aria-valuetext", `rtol ${rtolText(tolerance.exponent)}: ${counted(fail, "case")} would fail`);
    byId("rtol-answer").textContent =
      `${grouped(fail)} of ${counted(rows.length, "case")} would fail if every number had this rtol` +
      (tolerance.alone ? " and an atol of 0" : "") + (always > 0 ? `; ${grouped(always)} of them at any` : "") + ".";
    byId("rtol-buttons").replaceChildren(
      ...[-5, -7, -9, -12].map((exponent) =>
        element("button", { type: "button", "aria-pressed": String(tolerance.exponent === exponent), "data-rtol": exponent,
                            onclick: () => setTolerance(exponent) }, `1e${exponent}: ${grouped(failing(exponent))}`)));
    drawTolerancePlot();
  }

  function setTolerance(exponent) {
    tolerance.exponent = exponent;
    byId("rtol").value = exponent;
    drawTolerance();
    if (tolerance.only) select();
  }

  function drawTolerancePlot() {
    const points = [];
    for (let exponent = -16; exponent <= 0; exponent += 0.25) points.push({ x: exponent, y: failing(exponent) });
    const mark = [{ x: tolerance.exponent, y: failing(tolerance.exponent) }];
    const colors = palette();
    if (rtolPlot) {
      rtolPlot.data.datasets[0].data = points;
      rtolPlot.data.datasets[1].data = mark;
      rtolPlot.update();
      return;
    }
    rtolPlot = new Chart(byId("rtol-plot"), {
      type: "line",
      data: { datasets: [
        { data: points, stepped: true, borderColor: colors.bar, borderWidth: 2, pointRadius: 0 },
        { data: mark, borderColor: colors.curve, backgroundColor: colors.curve, pointRadius: 5, showLine: false },
      ] },
      options: plotOptions(colors, {
        x: { type: "linear", min: -16, max: 0, ticks: { color: colors.faint, callback: (value) => `1e${value}`, maxTicksLimit: 7 }, grid: { color: colors.line } },
        y: { beginAtZero: true, ticks: { color: colors.faint, precision: 0, maxTicksLimit: 5 }, grid: { color: colors.line },
             title: { display: true, text: "cases that fail", color: colors.faint } },
      }),
    });
  }

  // Plots

  function palette() {
    const style = getComputedStyle(document.documentElement);
    const color = (name) => style.getPropertyValue(`--${name}`).trim();
    return { bar: color("bar"), curve: color("curve"), faint: color("faint"), line: color("line"), text: color("text"), back: color("back") };
  }

  function plotOptions(colors, scales, more = {}) {
    return {
      animation: false, responsive: true, maintainAspectRatio: false, scales,
      plugins: { legend: { display: false }, ...more },
    };
  }

  const plots = []; // of the open case
  function plot(canvas, config) {
    plots.push(new Chart(canvas, config));
  }

  function figure(caption, ...content) {
    return element("figure", {}, element("figcaption", {}, caption), ...content);
  }

  // Bars for the counts, on a logarithmic scale since tails matter, and the share up to each bar as a curve.
  function histogram(counts, labels, caption, axis) {
    const canvas = element("canvas", { role: "img", "aria-label": caption });
    const total = counts.reduce((sum, count) => sum + count, 0);
    let below = 0;
    const shares = counts.map((count) => (100 * (below += count)) / total);
    const colors = palette();
    const holder = element("div", { class: "plot" }, canvas);
    const draw = () => plot(canvas, {
      data: {
        labels,
        datasets: [
          { type: "line", label: "up to here (%)", data: shares, yAxisID: "share", borderColor: colors.curve, backgroundColor: colors.curve, borderWidth: 2, pointRadius: 1.5 },
          { type: "bar", label: "elements", data: counts.map((count) => count || null), yAxisID: "count", backgroundColor: colors.bar, categoryPercentage: 1, barPercentage: 0.92, minBarLength: 2 },
        ],
      },
      options: plotOptions(colors, {
        x: { title: { display: true, text: axis, color: colors.faint }, ticks: { color: colors.faint, maxRotation: 45, autoSkipPadding: 8 }, grid: { display: false } },
        count: { type: "logarithmic", position: "left", min: 0.8, title: { display: true, text: "elements", color: colors.faint },
                 ticks: { color: colors.faint, callback: (value) => (Number.isInteger(Math.log10(value)) ? grouped(value) : "") }, grid: { color: colors.line } },
        share: { position: "right", min: 0, max: 100, ticks: { color: colors.faint, callback: (value) => `${value} %` }, grid: { display: false } },
      }, { tooltip: { callbacks: { label: (item) => (item.dataset.type === "bar" ? counted(counts[item.dataIndex], "element") : `${short(shares[item.dataIndex], 4)} % up to here`) } } }),
    });
    return [figure(caption, holder), draw];
  }

  // The bins from the first that holds something; equal elements always.
  function trimmed(counts, labelOf) {
    let first = 1;
    while (first < counts.length && counts[first] === 0) ++first;
    const bins = [0];
    for (let bin = first; bin < counts.length; ++bin) bins.push(bin);
    return [bins.map((bin) => counts[bin]), bins.map(labelOf)];
  }

  const ulpLabel = (bin) => (bin <= 1 ? String(bin) : bin <= 10 ? `${2 ** (bin - 1)}–${2 ** bin - 1}` : `2^${bin - 1}`);
  const toleranceLabel = (bin) => (bin === 0 ? "0" : bin === 41 ? "1" : `2^${bin - 41}`);

  // Where the ranges of a cell begin and end: of extent elements the i-th is in cell floor(i * cells / extent).
  function range(cell, cells, extent) {
    const from = Math.ceil((cell * extent) / cells);
    const to = Math.ceil(((cell + 1) * extent) / cells) - 1;
    return from === to ? String(from) : `${from}–${to}`;
  }

  function rampColor(share) {
    return RAMP[Math.min(RAMP.length - 1, Math.max(0, Math.round(share * (RAMP.length - 1))))];
  }

  function errorMap(map) {
    const levels = [...map.cells].map((cell) => (cell === "." ? null : cell === "!" ? Infinity : cell.charCodeAt(0) - 48));
    const finite = levels.filter((level) => level !== null && level !== Infinity);
    const deepest = Math.max(1, finite.length ? Math.max(...finite) : 1);
    const canvas = element("canvas", { class: "map", width: map.columns, height: map.rows, tabindex: 0, role: "img" });
    const ratio = map.rows === 1 ? Math.min(0.12, 24 / map.columns) : Math.min(1, Math.max(0.2, map.rows / map.columns));
    canvas.style.aspectRatio = `1 / ${ratio}`;
    const context = canvas.getContext("2d");
    levels.forEach((level, at) => {
      if (level === null) return;
      context.fillStyle = level === Infinity ? NOT_FINITE : rampColor(1 - level / deepest);
      context.fillRect(at % map.columns, Math.floor(at / map.columns), 1, 1);
    });
    const extents = map.rows === 1 && map.axes.length === 1 ? [1, map.extents[0]] : map.extents;
    const readout = element("p", { class: "faint", "aria-live": "polite" }, "Point at the map, or use the arrow keys on it.");
    const at = { row: 0, column: 0 };
    const describe = () => {
      const level = levels[at.row * map.columns + at.column];
      const said = level === null || level === undefined ? "equal" : level === Infinity ? "not finite on one side" : `up to 2^${map.log2_largest - level + 1}`;
      const where = [];
      if (map.axes.length > 1) where.push(`axis ${map.axes[0]}: ${range(at.row, map.rows, extents[0])}`);
      where.push(`axis ${map.axes[map.axes.length - 1]}: ${range(at.column, map.columns, extents[1])}`);
      readout.textContent = `${where.join(", ")}: ${said}`;
    };
    canvas.setAttribute("aria-label", `Largest differences over the array: ${finite.length} of ${levels.length} parts differ`);
    canvas.addEventListener("pointermove", (event) => {
      const box = canvas.getBoundingClientRect();
      at.row = Math.min(map.rows - 1, Math.max(0, Math.floor(((event.clientY - box.top) / box.height) * map.rows)));
      at.column = Math.min(map.columns - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * map.columns)));
      describe();
    });
    canvas.addEventListener("keydown", (event) => {
      const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
      if (!steps) return;
      at.row = Math.min(map.rows - 1, Math.max(0, at.row + steps[0]));
      at.column = Math.min(map.columns - 1, Math.max(0, at.column + steps[1]));
      describe();
      event.preventDefault();
      event.stopPropagation();
    });
    const scale = element("canvas", { class: "scale", width: RAMP.length, height: 1, "aria-hidden": "true" });
    RAMP.forEach((color, i) => {
      scale.getContext("2d").fillStyle = color;
      scale.getContext("2d").fillRect(i, 0, 1, 1);
    });
    const ends = element("div", { class: "scale-ends" },
                         element("span", {}, `2^${map.log2_largest - deepest}`), element("span", {}, `2^${map.log2_largest}`));
    const axes = map.axes.length > 1 ? `axis ${map.axes[0]} down, axis ${map.axes[1]} to the right` : `along axis ${map.axes[0]}`;
    const odd = levels.includes(Infinity) ? "; orange: not finite on one side" : "";
    return figure(`Where: the largest difference in each part of the array, ${axes}${odd}`, canvas, scale, ends, readout);
  }

  // Do the differences go one way? The mean with its sign, beside what differences are on average.
  function biasFigure(sketch) {
    const bins = sketch.ulps || [];
    const sum = bins.reduce((total, count, bin) => total + (bin === 0 ? 0 : count * (bin === 1 ? 1 : 0.75 * 2 ** bin)), 0);
    const magnitude = sketch.measured > 0 ? sum / sketch.measured : 0;
    const mean = toNumber(sketch.mean_ulps);
    const share = magnitude > 0 ? Math.max(-1, Math.min(1, mean / magnitude)) : 0;
    const canvas = element("canvas", { class: "bias", width: 401, height: 28, role: "img",
                                       "aria-label": `Bias: ${short(mean)} ulp, about ${Math.round(100 * share)} % of the mean size` });
    const colors = palette();
    const context = canvas.getContext("2d");
    context.fillStyle = colors.line;
    context.fillRect(0, 13, 401, 2);
    context.fillRect(200, 2, 2, 24);
    context.fillStyle = share < 0 ? colors.curve : colors.bar;
    context.fillRect(Math.min(200, 200 + 200 * share), 6, Math.max(2, Math.abs(200 * share)), 16);
    const words = Math.abs(share) > 0.9 ? "all one way" : Math.abs(share) > 0.3 ? "mostly one way" : "both ways: noise";
    const ends = element("div", { class: "scale-ends" }, element("span", {}, "all smaller"), element("span", {}, "no bias"), element("span", {}, "all larger"));
    return figure(`Bias: mean ${short(mean)} ulp, ${words}`, canvas, ends);
  }

  // A case

  function plainTable(heads, lines) {
    return element("div", { class: "wide" },
                   element("table", { class: "plain" },
                           element("thead", {}, element("tr", {}, ...heads.map((head) => element("th", { scope: "col" }, head)))),
                           element("tbody", {}, ...lines.map((line) => element("tr", {}, ...line.map((cell) => element("td", {}, cell)))))));
  }

  function facts(pairs) {
    const list = element("dl", {});
    for (const [name, value] of pairs) {
      if (value !== "" && value !== undefined && value !== null) list.append(element("dt", {}, name), element("dd", {}, value));
    }
    return element("details", { open: true }, element("summary", {}, "Facts"), list);
  }

  function sketchElements(sketch, draws) {
    const parts = [];
    const figures = element("div", { class: "sketch" });
    if (sketch.ulps && sketch.measured > 0) {
      const [holder, draw] = histogram(...trimmed(sketch.ulps, ulpLabel), "How far apart, in units in the last place", "ulp");
      figures.append(holder);
      draws.push(draw);
    }
    if (sketch.tolerances && sketch.measured > 0) {
      const [holder, draw] = histogram(...trimmed(sketch.tolerances, toleranceLabel), "How far apart, in tolerances: from 1 on it fails", "|difference| / tolerance");
      figures.append(holder);
      draws.push(draw);
    }
    if (sketch.map) figures.append(errorMap(sketch.map));
    if (sketch.ulps && sketch.measured > 0) figures.append(biasFigure(sketch));
    const what = `${sketch.dtype}${sketch.shape ? ` (${sketch.shape.join(" × ")})` : ""}${sketch.path ? ` at ${sketch.path}` : ""}`;
    parts.push(element("h3", {}, sketch.reading || "Numbers"), element("p", { class: "faint mono" }, what), figures);
    const nan = sketch.nan || {};
    parts.push(facts([
      ["elements", `${grouped(sketch.differing)} of ${grouped(sketch.total)} differ`],
      ["largest difference", `${short(toNumber(sketch.max_difference), 6)} (${short(sketch.max_ulps, 6)} ulp)`],
      ["mean difference", `${short(toNumber(sketch.mean_difference), 6)} (${short(toNumber(sketch.mean_ulps), 6)} ulp)`],
      ["compared with", sketch.tolerances ? `rtol ${short(sketch.rtol)}, atol ${short(sketch.atol)}` : "exactly"],
      ["would pass with rtol", `${short(toNumber(sketch.passing_rtol), 4)}, or ${short(toNumber(sketch.passing_rtol_alone), 4)} with an atol of 0`],
      ["NaN", nan.appeared || nan.vanished || nan.stayed ? `${nan.appeared} new, ${nan.vanished} gone, ${nan.stayed} stayed` : ""],
      ["infinite on one side", sketch.inf_changed || ""],
      ["of another sign", sketch.sign_changed || ""],
      ["zero now", sketch.became_zero || ""],
      ["no longer zero", sketch.was_zero || ""],
    ].map(([name, value]) => [name, String(value)])));
    if (sketch.worst && sketch.worst.length) {
      const lines = sketch.worst.map((each) => [
        each.path !== undefined ? each.path : `[${each.index.join(", ")}]`, each.expected, each.actual,
        short(toNumber(each.difference), 4), short(each.ulps, 4),
      ]);
      const table = plainTable(["where", "expected", "actual", "difference", "ulp"], lines);
      table.classList.add("mono");
      parts.push(element("details", { open: true }, element("summary", {}, `The ${sketch.worst.length === 1 ? "element" : `${sketch.worst.length} elements`} furthest apart`), table));
    }
    return parts;
  }

  // Lines of a diff have a colour; what marks them stays.
  function explanation(text) {
    const holder = element("pre", {});
    let inDiff = false;
    text.split("\n").forEach((line, i, lines) => {
      const bare = line.trimStart();
      if (bare.startsWith("@@")) inDiff = true;
      const kind = inDiff && bare.startsWith("-") ? "minus" : inDiff && bare.startsWith("+") ? "plus" : "";
      holder.append(element("span", { class: kind }, line + (i + 1 < lines.length ? "\n" : "")));
    });
    return holder;
  }

  // "2 of 40: 'x', 'y'"
  function partsText(some, whole) {
    if (!some) return "";
    const names = some.names.length ? `: ${some.names.join(", ")}${some.names.length < some.count ? ", …" : ""}` : "";
    return `${grouped(some.count)}${whole ? ` of ${grouped(whole)}` : ""}${names}`;
  }

  function partsTable(parts) {
    const lines = parts.map((each) => [
      each.path || "the value itself", each.kind, partsText(each.added), partsText(each.removed, each.expected),
      partsText(each.changed, each.expected),
    ]);
    const table = plainTable(["where", "what", "added", "removed", "changed"], lines);
    table.classList.add("parts");
    return element("details", { open: true }, element("summary", {}, "Parts that were added, removed or changed"), table);
  }

  function siteElements(site, draws) {
    const section = element("section", { class: "site" });
    const sign = site.match === "identical" || site.match === "close" ? "passed" : site.match === "" ? "skipped" : "failed";
    section.append(element("h3", {}, `${site.site}${site.match ? ": " : ""}`, element("span", { class: sign }, site.match)));
    if (site.source) section.append(element("pre", {}, site.source));
    if (site.shares) section.append(element("p", {}, `The same object as ${site.shares}, which agrees.`));
    if (site.explanation) section.append(explanation(site.explanation));
    if (site.parts && site.parts.length) section.append(partsTable(site.parts));
    if (site.groups && site.groups.length > 1) {
      const table = plainTable(["where", "what", "how often"], site.groups.map((group) => [group.path || "the value itself", group.what, grouped(group.count)]));
      section.append(element("details", { open: site.groups.length <= 10 }, element("summary", {}, "What differs where"), table));
    }
    const sketches = site.sketch ? [site.sketch, ...(site.sketches || [])] : [];
    for (const sketch of sketches) section.append(...sketchElements(sketch, draws));
    return section;
  }

  function copied(button, text) {
    const done = () => {
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    };
    const byHand = () => window.prompt("Copy:", text);
    if (navigator.clipboard) navigator.clipboard.writeText(text).then(done, byHand);
    else byHand();
  }

  function closePlots() {
    for (const each of plots.splice(0)) each.destroy();
  }

  const loaded = new Map(); // number of a piece -> promise of its cases
  function detailsOf(row) {
    if (!loaded.has(row.piece)) loaded.set(row.piece, unpacked(`d${row.piece}`));
    return loaded.get(row.piece).then((cases) => cases[row.at]);
  }

  function setHash(hash) {
    try {
      history.replaceState(null, "", hash || location.pathname + location.search);
    } catch (error) {
      location.hash = hash; // where a page from a file may not do that
    }
  }

  async function openCase(row, { focus = true, keepHash = false } = {}) {
    opened = row;
    const index = seen.indexOf(row);
    if (index >= 0) active = index;
    const panel = byId("case");
    const was = panel.hidden;
    panel.hidden = false;
    byId("cases").querySelector(".panes").classList.add("open");
    if (!keepHash) setHash(`#case=${encodeURIComponent(row.id)}`);
    closePlots();
    const link = element("button", { type: "button" }, "Copy link");
    link.addEventListener("click", () => copied(link, location.href));
    const content = [
      element("div", { class: "bar" },
              element("button", { type: "button", "data-step": -1, onclick: () => step(-1) }, "↑ Previous"),
              element("button", { type: "button", "data-step": 1, onclick: () => step(1) }, "↓ Next"),
              element("span", { class: "grow" }), link,
              element("button", { type: "button", id: "close", onclick: closeCase }, "Close")),
      element("h2", { id: "case-title", tabindex: -1 }, row.label),
      element("p", {}, element("strong", { class: row.standing }, verdictText(row)), row.reason ? `: ${row.reason}` : ""),
    ];
    panel.replaceChildren(...content);
    panel.scrollTop = 0;
    if (was || index < drawnFrom || index >= drawnTo) moveTo(Math.max(index, 0));
    else drawRows();
    if (focus) byId("case-title").focus({ preventScroll: true });
    if (row.piece === NOTHING) {
      panel.append(element("p", {}, "Nothing differs and nothing was printed: there is no more to show."));
      return;
    }
    if (row.piece === LEFT_OUT) {
      panel.append(element("p", { class: "warning" }, "The details of this case are left out: the page would be too large. --json has them."));
      return;
    }
    const details = await detailsOf(row);
    if (opened !== row) return; // another one was opened meanwhile
    const draws = [];
    const text = (name, value) => (value ? [element("h3", {}, name), explanation(value)] : []);
    const list = (name, values) => (values && values.length ? [element("h3", {}, name), element("ul", {}, ...values.map((value) => element("li", {}, value)))] : []);
    panel.append(
      facts([
        ["source", details.file ? `${details.file}:${details.line}` : ""],
        ["call", secondsText(row.seconds)],
        ["checked by", details.checked_by],
        ["ended", details.ending + (details.detail && details.detail !== row.reason ? `: ${details.detail}` : "")],
      ]),
      ...(details.source_changed ? [element("p", { class: "warning" }, "The benchmark's own code is not what it was when captured.")] : []),
      ...list("Not compared", details.missing),
      ...text("Traceback", details.traceback),
    );
    const same = details.sites.filter((site) => site.match === "identical");
    for (const site of details.sites) if (site.match !== "identical") panel.append(siteElements(site, draws));
    if (same.length) panel.append(element("p", { class: "faint" }, `Identical: ${same.map((site) => site.site).join(", ")}`));
    if (details.more_sites) panel.append(element("p", { class: "warning" }, `${counted(details.more_sites, "more site")} left out; --json has them.`));
    panel.append(...text("Its stdout and stderr", details.output), ...list("Notes", details.notes));
    for (const draw of draws) draw();
  }

  function closeCase() {
    opened = null;
    closePlots();
    byId("case").hidden = true;
    byId("cases").querySelector(".panes").classList.remove("open");
    setHash("");
    moveTo(Math.max(active, 0));
  }

  function step(by) {
    const from = seen.indexOf(opened);
    const next = seen[Math.max(0, Math.min(seen.length - 1, (from < 0 ? active : from) + by))];
    if (next && next !== opened) openCase(next);
  }

  function openFromHash() {
    const match = /^#case=(.*)$/.exec(location.hash);
    if (!match) return;
    let wanted = match[1];
    try {
      wanted = decodeURIComponent(wanted);
    } catch (error) {
      // As it was typed.
    }
    const row = rows.find((each) => each.id === wanted) || rows.find((each) => each.label === wanted);
    if (!row) {
      byId("count").textContent = `There is no case ${wanted} in this report.`;
      return;
    }
    if (row === opened) return;
    if (!seen.includes(row)) clearFilters();
    openCase(row, { keepHash: true });
    byId("cases").scrollIntoView();
  }

  // Keys

  function onKey(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if (event.key === "Escape" && opened) closeCase();
    else if (typing) return;
    else if (event.key === "/") byId("search").focus();
    else if (event.key === "j") opened ? step(1) : moveTo(active + 1);
    else if (event.key === "k") opened ? step(-1) : moveTo(active - 1);
    else return;
    event.preventDefault();
  }

  function onTableKey(event) {
    const page = Math.max(1, Math.floor(byId("scroll").clientHeight / ROW_HEIGHT) - 2);
    const to = { ArrowDown: active + 1, ArrowUp: active - 1, PageDown: active + page, PageUp: active - page, Home: 0, End: seen.length - 1 }[event.key];
    if (to !== undefined && event.target.tagName === "TR") moveTo(to);
    else if ((event.key === "Enter" || event.key === " ") && event.target.tagName === "TR") openCase(seen[active < 0 ? 0 : active]);
    else return;
    event.preventDefault();
  }

  function listen() {
    let pending = false;
    byId("scroll").addEventListener("scroll", () => {
      if (pending) return;
      pending = true;
      requestAnimationFrame(() => {
        pending = false;
        drawRows();
      });
    }, { passive: true });
    byId("body").addEventListener("click", (event) => {
      const row = event.target.closest("tr.row");
      if (row) openCase(seen[Number(row.dataset.index)]);
    });
    byId("table").addEventListener("keydown", onTableKey);
    byId("search").addEventListener("input", () => {
      filter.words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
      select();
    });
    byId("clear").addEventListener("click", clearFilters);
    byId("rtol").addEventListener("input", () => setTolerance(Number(byId("rtol").value)));
    byId("rtol-alone").addEventListener("change", () => {
      tolerance.alone = byId("rtol-alone").checked;
      drawTolerance();
      if (tolerance.only) select();
    });
    byId("rtol-only").addEventListener("change", () => {
      tolerance.only = byId("rtol-only").checked;
      select();
    });
    document.addEventListener("keydown", onKey);
    window.addEventListener("hashchange", openFromHash);
    window.addEventListener("resize", () => drawRows());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      if (rtolPlot) rtolPlot.destroy();
      rtolPlot = null;
      drawTolerance();
      if (opened) openCase(opened, { focus: false, keepHash: true });
    });
    const copy = byId("copy-command");
    copy.hidden = false;
    copy.addEventListener("click", () => copied(copy, byId("command").textContent));
  }

  async function start() {
    const index = await unpacked("index");
    names = { modules: index.modules, kinds: index.kinds, groups: index.groups,
              verdicts: index.verdicts.map((verdict) => verdict.split("\n")) };
    rows = index.rows.map(rowOf);
    const needed = (key) => rows.map((row) => row[key]).filter((value) => value >= 0).sort((a, b) => a - b);
    tolerance.needed = needed("rtol");
    tolerance.neededAlone = needed("rtolAlone");
    byId("tolerance").hidden = tolerance.needed.length === 0;
    byId("app").hidden = false;
    fillSelect("module", names.modules, "module", "all");
    fillSelect("kind", names.kinds, "kind", "all");
    drawVerdicts();
    drawGroups();
    listen();
    select();
    document.documentElement.dataset.ready = String(Math.round(performance.now()));
    byId("rtol").value = tolerance.exponent;
    if (!byId("tolerance").hidden) drawTolerance();
    openFromHash();
  }

  // What is there for browsers without scripts will do for one that cannot unpack the data, too; it is escaped already.
  function showPlain(why) {
    byId("app").hidden = true;
    const plain = byId("plain");
    plain.innerHTML = document.querySelector("noscript").textContent;
    plain.prepend(element("p", { class: "warning" }, why));
    plain.hidden = false;
  }

  if (typeof DecompressionStream === "undefined") {
    showPlain("This browser cannot unpack the report's data (DecompressionStream is missing), so this is its plain form.");
  } else {
    start().catch((error) => showPlain(`The report's data cannot be read (${error}), so this is its plain form.`));
  }
})();
