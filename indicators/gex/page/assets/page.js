"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const INK = "#1b2430", SOFT = "#5d6878", GRID = "#eceef2", CALLS = "#2563c9", PUTS = "#a2408f", POS = "#3f9d52", NEG = "#d0576b";
  const FONT = { family: "system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif", size: 12, color: INK };
  const DASH = { solid: "solid", dash: "dash", dot: "dot" };
  const CONFIG = { displaylogo: false, responsive: true, displayModeBar: "hover",
    modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d", "zoomIn2d", "zoomOut2d"] };
  const finite = (values) => values.filter((value) => value !== null && Number.isFinite(value));
  const largest = (...columns) => Math.max(0, ...columns.flatMap((values) => finite(values).map(Math.abs)));
  const price = (value) => value.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const unit = (size) => {
    const steps = [[1e12, "tn $"], [1e9, "bn $"], [1e6, "m $"], [1e3, "k $"]];
    return steps.find(([step]) => size >= 0.5 * step) || [1, "$"];
  };
  const scaled = (values, by) => values.map((value) => (value === null ? null : value / by));
  const axis = (more) => ({ gridcolor: GRID, zeroline: false, linecolor: "#c9ced6", ticks: "outside", tickcolor: "#c9ced6",
    automargin: false, ...more });
  const titled = (text) => ({ text, font: { size: 12, color: SOFT }, standoff: 6 });
  const base = (more) => ({ font: FONT, paper_bgcolor: "#fff", plot_bgcolor: "#fff", hoverlabel: { font: { size: 12 } },
    legend: { orientation: "h", x: 0, xanchor: "left", font: { size: 12 } }, modebar: { bgcolor: "rgba(0,0,0,0)" }, ...more });
  const spotLine = { name: "spot", label: "Spot", price: data.spot, drawn: true, colour: INK, dash: "dot", width: 1.5 };
  const others = data.crossings.filter((item) => !data.lines.some((line) =>
    line.name === "gamma_flip" && Math.abs(line.price - item.price) < 1e-9 * item.price));
  const lines = [spotLine, ...data.lines.filter((line) => line.drawn || !line.name.startsWith("pin"))];

  /* ---- price: profile above, strikes below, one price axis; levels go through both ---- */
  const priceBox = document.getElementById("price"), flags = document.getElementById("flags");
  const strikes = data.strikes, profile = data.profile;
  const inView = (values, keys) => values.filter((_, i) => keys[i] >= data.view[0] && keys[i] <= data.view[1]);
  const [profileBy, profileUnit] = unit(largest(profile.net));
  const [strikeBy, strikeUnit] = unit(Math.max(largest(inView(strikes.call, strikes.strike), inView(strikes.put, strikes.strike)),
    0.02 * largest(strikes.call, strikes.put)));
  const spacing = (() => {
    const shown = inView(strikes.strike, strikes.strike), list = shown.length > 2 ? shown : strikes.strike;
    const gaps = list.slice(1).map((value, i) => value - list[i]).sort((a, b) => a - b);
    return gaps.length ? gaps[Math.floor(gaps.length / 4)] : 0.01 * data.spot;
  })();

  const wide = data.view[1] - data.view[0], barWidth = Math.min(Math.max(0.82 * spacing, wide / 280), wide / 40);
  const tiny = 0.004 * largest(inView(strikes.net, strikes.strike));

  function drawPrice() {
    const net = scaled(profile.net, profileBy), zero = profile.spot.map(() => 0);
    const part = (sign) => net.map((value) => (value === null ? null : sign * value > 0 ? value : 0));
    const hover = { x: profile.spot, hoverinfo: "skip", type: "scatter", mode: "lines", showlegend: false, line: { width: 0 } };
    const put = scaled(strikes.put, -strikeBy);
    const puts = strikes.strike.map((_, i) => [strikes.put_oi[i], strikes.put[i]]);
    const calls = strikes.strike.map((_, i) => [strikes.call_oi[i], strikes.call[i]]);
    const bar = { type: "bar", x: strikes.strike, yaxis: "y2", width: barWidth, marker: { line: { width: 0 } } };
    const traces = [
      { ...hover, y: zero }, { ...hover, y: part(1), fill: "tonexty", fillcolor: "rgba(63,157,82,.20)" },
      { ...hover, y: zero }, { ...hover, y: part(-1), fill: "tonexty", fillcolor: "rgba(208,87,107,.20)" },
      { x: profile.spot, y: net, type: "scatter", mode: "lines", name: "net if the price were here", line: { color: INK, width: 2 },
        hovertemplate: `at %{x:,.2f}: net %{y:.3f} ${profileUnit} per 1 %<extra></extra>`, showlegend: false },
      { x: others.map((item) => item.price), y: others.map(() => 0), type: "scatter", mode: "markers", showlegend: false,
        marker: { symbol: "circle-open", size: 9, color: others.map((item) => (item.valid ? "#E08A00" : SOFT)), line: { width: 2 } },
        text: others.map((item) => `${item.upward ? "crossing upwards" : "inverted crossing"}${item.reason ? ", not counted: " + item.reason : ""}`),
        hovertemplate: "%{x:,.2f}: %{text}<extra></extra>" },
      { ...bar, y: scaled(strikes.call, strikeBy), name: "calls", customdata: calls, marker: { color: CALLS, line: { width: 0 } },
        hovertemplate: `strike %{x:,.2f}: calls %{y:.3f} ${strikeUnit}, OI %{customdata[0]:,.0f}<extra></extra>` },
      { ...bar, y: put, name: "puts", customdata: puts, marker: { color: PUTS, line: { width: 0 } },
        hovertemplate: `strike %{x:,.2f}: puts %{y:.3f} ${strikeUnit}, OI %{customdata[0]:,.0f}<extra></extra>` },
      { x: strikes.strike, y: scaled(strikes.net.map((value) => (Math.abs(value) > tiny ? value : null)), strikeBy), yaxis: "y2", type: "scatter", mode: "markers", name: "net",
        marker: { color: INK, symbol: "diamond", size: 6, line: { color: "#fff", width: 1 } },
        hovertemplate: `strike %{x:,.2f}: net %{y:.3f} ${strikeUnit}<extra></extra>` },
    ];
    const band = data.band && data.band[1] > data.band[0] ? [{ type: "rect", xref: "x", yref: "paper", x0: data.band[0],
      x1: data.band[1], y0: 0, y1: 1, fillcolor: "rgba(255,165,0,.16)", line: { width: 0 }, layer: "below", name: "band" }] : [];
    const drawn = lines.map((line) => ({ type: "line", xref: "x", yref: "paper", x0: line.price, x1: line.price, y0: 0, y1: 1,
      name: line.name, opacity: line.drawn ? 1 : 0.55, layer: "above",
      line: { color: line.colour, width: line.drawn ? Math.min(line.width, 2) : 1.2, dash: line.drawn ? DASH[line.dash] : "dot" } }));
    return Plotly.newPlot(priceBox, traces, base({
      barmode: "overlay", bargap: 0, hovermode: "closest", margin: { l: 66, r: 16, t: 4, b: 66 }, shapes: [...band, ...drawn],
      legend: { orientation: "h", x: 0, y: -0.1, yanchor: "top", font: { size: 12 }, traceorder: "normal" },
      xaxis: axis({ range: data.view, anchor: "y2", tickformat: ",", title: titled("price [points]"), nticks: 14 }),
      yaxis: axis({ domain: [0.54, 1], range: fitted(data.view), zeroline: true, zerolinecolor: "#8c95a3", zerolinewidth: 1.2,
        title: titled(`net, ${profileUnit} per 1 %`) }),
      yaxis2: axis({ domain: [0, 0.47], range: fittedBars(data.view), zeroline: true, zerolinecolor: "#8c95a3", zerolinewidth: 1.2,
        title: titled(`by strike, ${strikeUnit} per 1 %`) }),
    }), { ...CONFIG, displayModeBar: false });
  }
  const padded = (low, high) => {
    const room = 0.07 * Math.max(high - low, 1e-12);
    return [Math.min(low - room, -room), Math.max(high + room, room)];
  };
  function fitted([low, high]) {
    const seen = finite(profile.net.filter((_, i) => profile.spot[i] >= low && profile.spot[i] <= high)).map((value) => value / profileBy);
    return seen.length ? padded(Math.min(0, ...seen), Math.max(0, ...seen)) : [-1, 1];
  }
  function fittedBars([low, high]) {
    const near = (values) => finite(values.filter((_, i) => strikes.strike[i] >= low && strikes.strike[i] <= high)).map((value) => value / strikeBy);
    const net = near(strikes.net);
    return padded(Math.min(0, ...near(strikes.put).map((value) => -value), ...net), Math.max(0, ...near(strikes.call), ...net));
  }

  /* names of the levels: flags above the plot in as many rows as it takes, never over each other */
  function drawFlags() {
    const layout = priceBox._fullLayout, x = layout.xaxis, left = x._offset, right = left + x._length;
    flags.replaceChildren();
    const shown = lines.filter((line) => line.price >= x.range[0] && line.price <= x.range[1]).sort((a, b) => a.price - b.price);
    const ends = [], placed = [];
    for (const line of shown) {
      const flag = document.createElement("span"), at = left + x.l2p(line.price);
      flag.className = line.drawn ? "flag" : "flag ghost";
      flag.textContent = `${line.label} ${price(line.price)}`;
      flag.style.background = line.colour;
      if (!line.drawn) { flag.style.color = line.colour; flag.style.borderColor = line.colour; flag.title = `not drawn on charts: ${line.drop || "by default"}`; }
      flag.dataset.name = line.name;
      flags.append(flag);
      const width = flag.offsetWidth, start = Math.min(Math.max(at - width / 2, left), Math.max(left, right - width));
      let row = ends.findIndex((end) => start > end + 4);
      if (row < 0) row = ends.push(0) - 1;
      ends[row] = start + width;
      placed.push({ flag, at, row, start, colour: line.colour });
    }
    const height = 4 + 22 * Math.max(1, ends.length);
    flags.style.height = `${height}px`;
    for (const { flag, at, row, start, colour } of placed) {
      flag.style.left = `${start}px`;
      flag.style.top = `${22 * (ends.length - 1 - row)}px`;
      const stem = document.createElement("i");
      stem.className = "stem";
      stem.style.left = `${at - 0.75}px`;
      stem.style.borderColor = colour;
      stem.style.height = `${height - 22 * (ends.length - 1 - row) - 18}px`;
      flags.append(stem);
    }
  }

  function show(low, high) {
    return Plotly.relayout(priceBox, { "xaxis.range": [low, high], "yaxis.range": fitted([low, high]), "yaxis2.range": fittedBars([low, high]) }).then(() => true);
  }
  function drawRanges() {
    const first = profile.spot.length ? [profile.spot[0], profile.spot[profile.spot.length - 1]] : data.view;
    const choices = [["levels", data.view], ...[0.02, 0.05, 0.1].map((share) =>
      [`±${100 * share} %`, [data.spot * (1 - share), data.spot * (1 + share)]]), ["whole profile", first]];
    for (const [name, range] of choices) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = name;
      button.setAttribute("aria-pressed", String(name === "levels"));
      button.onclick = () => {
        for (const each of document.querySelectorAll("#ranges button")) each.setAttribute("aria-pressed", String(each === button));
        show(...range);
      };
      document.getElementById("ranges").append(button);
    }
  }

  /* ---- term structure ---- */
  function drawTerms() {
    const rows = data.expiries, x = rows.map((row) => row.label);
    const [by, name] = unit(largest(rows.map((row) => row.call), rows.map((row) => row.put)));
    const of = (key) => rows.map((row) => row[key]);
    const days = rows.map((row) => `${row.root}, ${row.days < 1 ? (24 * row.days).toFixed(1) + " h" : row.days.toFixed(1) + " days"}`);
    const bar = { type: "bar", x, customdata: days };
    const point = { type: "scatter", mode: "markers", x, customdata: days, yaxis: "y2" };
    const level = finite([...of("flip"), ...of("max_pain"), data.spot]);
    const low = Math.min(...level), high = Math.max(...level), room = Math.max(0.06 * (high - low), 0.002 * data.spot);
    return Plotly.newPlot("terms", [
      { ...bar, y: scaled(of("call"), by), name: "calls", marker: { color: CALLS }, hovertemplate: `%{x} (%{customdata}): calls %{y:.3f} ${name}<extra></extra>` },
      { ...bar, y: scaled(of("put"), -by), name: "puts", marker: { color: PUTS }, hovertemplate: `%{x} (%{customdata}): puts %{y:.3f} ${name}<extra></extra>` },
      { ...point, yaxis: "y", y: scaled(of("net"), by), name: "net", marker: { color: INK, size: 7, line: { color: "#fff", width: 1 } },
        hovertemplate: `%{x} (%{customdata}): net %{y:.3f} ${name}<extra></extra>` },
      { ...point, y: of("flip"), name: "gamma flip", marker: { color: "#E08A00", size: 9, symbol: "diamond" },
        hovertemplate: "%{x} (%{customdata}): flip %{y:,.2f}<extra></extra>" },
      { ...point, y: of("max_pain"), name: "max pain", marker: { color: "#1E90FF", size: 8, symbol: "circle-open", line: { width: 2 } },
        hovertemplate: "%{x} (%{customdata}): max pain %{y:,.2f}<extra></extra>" },
    ], base({
      barmode: "overlay", bargap: rows.length < 6 ? 0.75 : 0.25, hovermode: "closest", margin: { l: 66, r: 92, t: 30, b: 104 },
      legend: { orientation: "h", x: 0, y: -0.25, yanchor: "top", font: { size: 12 } },
      shapes: [{ type: "line", xref: "paper", yref: "y2", x0: 0, x1: 1, y0: data.spot, y1: data.spot, line: { color: INK, width: 1.5, dash: "dot" } }],
      annotations: [{ xref: "paper", yref: "y2", x: 1, y: data.spot, xanchor: "left", yanchor: "middle", showarrow: false,
        xshift: 6, text: `spot ${price(data.spot)}`, font: { size: 11, color: INK } }],
      xaxis: axis({ type: "category", anchor: "y2", tickangle: -50, nticks: Math.max(6, Math.floor(document.getElementById("terms").clientWidth / 34)) }),
      yaxis: axis({ domain: [0.47, 1], zeroline: true, zerolinecolor: "#8c95a3", title: titled(`${name} per 1 %`) }),
      yaxis2: axis({ domain: [0, 0.4], tickformat: ",", range: [low - room, high + room], title: titled("price [points]") }),
    }), CONFIG);
  }

  /* ---- heatmap ---- */
  function drawHeat() {
    const heat = data.heat, sizes = finite(heat.net.flat()).map(Math.abs).sort((a, b) => a - b);
    const top = sizes.length ? sizes[Math.min(sizes.length - 1, Math.floor(0.98 * sizes.length))] || 1 : 1;
    const [by, name] = unit(top);
    const box = document.getElementById("heat");
    const inside = (line) => line.drawn && heat.strike.length && line.price >= heat.strike[0] && line.price <= heat.strike[heat.strike.length - 1];
    const marked = lines.filter(inside);
    const range = heat.strike.length ? [Math.max(heat.strike[0] - spacing / 2, data.view[0]), Math.min(heat.strike[heat.strike.length - 1] + spacing / 2, data.view[1])] : data.view;
    const place = () => spread(marked.filter((line) => line.price >= box._fullLayout.yaxis.range[0] && line.price <= box._fullLayout.yaxis.range[1]), box._fullLayout.yaxis);
    return Plotly.newPlot(box, [{
      type: "heatmap", x: heat.expiry, y: heat.strike, z: heat.net.map((row) => scaled(row, by)), zmin: -top / by, zmax: top / by, zmid: 0,
      xgap: 1, hoverongaps: false, colorscale: [[0, "#b2182b"], [0.25, "#ef8a80"], [0.5, "#f7f7f5"], [0.75, "#7fbf87"], [1, "#1b7837"]],
      hovertemplate: `%{x}, strike %{y:,.2f}: net %{z:.3f} ${name}<extra></extra>`,
      colorbar: { orientation: "h", y: -0.24, yanchor: "top", thickness: 10, len: 0.5, x: 0, xanchor: "left", outlinewidth: 0, title: { text: `net, ${name} per 1 %`, side: "top", font: { size: 12, color: SOFT } }, tickfont: { size: 11 } },
    }], base({
      margin: { l: 66, r: 150, t: 30, b: 124 },
      shapes: marked.map((line) => ({ type: "line", xref: "paper", yref: "y", x0: 0, x1: 1, y0: line.price, y1: line.price,
        line: { color: line.colour, width: 1.4, dash: DASH[line.dash] } })),
      xaxis: axis({ type: "category", tickangle: -50, nticks: Math.max(6, Math.floor(box.clientWidth / 40)) }),
      yaxis: axis({ range, tickformat: ",", title: titled("strike [points]") }),
    }), CONFIG).then(() => {
      const label = () => Plotly.relayout(box, { annotations: place() });
      let busy = false;
      box.on("plotly_relayout", () => { if (!busy) { busy = true; label().then(() => { busy = false; }); } });
      return label();
    });
  }
  /* names beside lines, pushed apart where they would touch */
  function spread(marked, y) {
    const rows = marked.map((line) => ({ line, at: y.l2p(line.price) })).sort((a, b) => a.at - b.at);
    for (let i = 0, last = -Infinity; i < rows.length; i++) { rows[i].at = Math.max(rows[i].at, last + 18); last = rows[i].at; }
    for (let i = rows.length - 1, next = y._length; i >= 0; i--) { rows[i].at = Math.min(rows[i].at, next); next = rows[i].at - 18; }
    return rows.map(({ line, at }) => ({ xref: "paper", yref: "paper", x: 1, xanchor: "left", xshift: 6, y: 1 - at / y._length, yanchor: "middle",
      showarrow: false, text: `${short(line.label)} ${price(line.price)}`, font: { size: 11, color: line.colour }, name: line.name }));
  }
  const short = (text) => text.split(" / ")[0].replace("Gamma Flip", "Flip");

  const nothing = (box) => { document.getElementById(box).innerHTML = "<p class='soft'>No exposure to draw.</p>"; document.getElementById(box).style.height = "auto"; };
  const work = [drawPrice().then(() => { priceBox.on("plotly_afterplot", drawFlags); drawFlags(); drawRanges(); })];
  work.push(data.expiries.length ? drawTerms() : nothing("terms"));
  work.push(data.heat.strike.length ? drawHeat() : nothing("heat"));
  window.navale = { ready: false, data, show };
  Promise.all(work).then(() => { window.navale.ready = true; });
})();
