"use strict";
// Draws the run's data (see optimize/chart.py) with TradingView Lightweight Charts; window.navale steers it.
(() => {
  const began = performance.now();
  const data = JSON.parse(document.getElementById("data").textContent);
  const { createChart, createSeriesMarkers, CandlestickSeries, HistogramSeries, LineSeries, BaselineSeries } = LightweightCharts;
  const GOOD = "#0f8a5f", BAD = "#c8322b", BLUE = "#2563c9", STOP = "#d9822b", TARGET = "#7a5bd0", GREY = "#98a2b3";
  const TEXT_BELOW = 160; // bars in view under which markers carry their reason
  const LEVELS_BELOW = 5000; // and stops and targets are drawn: with more they are a blot
  const ROWS = 100; // trades listed at a time
  const element = (id) => document.getElementById(id);
  const plot = element("plot");
  const formats = new Map(); // making one is slow
  const number = (value, digits) => {
    if (!formats.has(digits)) formats.set(digits, new Intl.NumberFormat("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits }));
    return value === null || value === undefined ? "–" : formats.get(digits).format(value);
  };
  const stamp = (seconds) => new Date(seconds * 1000).toISOString().slice(0, data.intraday ? 16 : 10).replace("T", " ");

  const chart = createChart(plot, {
    autoSize: true,
    layout: { background: { color: "#fff" }, textColor: "#475467", fontSize: 11, panes: { separatorColor: "#e4e7ec" } },
    grid: { vertLines: { color: "#f0f1f4" }, horzLines: { color: "#f0f1f4" } },
    rightPriceScale: { borderColor: "#e4e7ec" },
    timeScale: { borderColor: "#e4e7ec", timeVisible: data.intraday, minBarSpacing: 0.001, enableConflation: true, rightOffset: 2 },
    crosshair: { mode: 0 },
  });
  const quiet = { priceLineVisible: false, lastValueVisible: false };
  const candles = chart.addSeries(CandlestickSeries, {
    upColor: "#8fd0b6", downColor: "#eba49f", wickUpColor: "#5fae8e", wickDownColor: "#d27a74", borderVisible: false, ...quiet });
  const volume = chart.addSeries(HistogramSeries, { priceScaleId: "volume", priceFormat: { type: "volume" }, color: "#e3e8ef", ...quiet });
  volume.priceScale().applyOptions({ scaleMargins: { top: 0.86, bottom: 0 } });
  candles.priceScale().applyOptions({ scaleMargins: { top: 0.08, bottom: 0.16 } });
  const equity = chart.addSeries(LineSeries, { color: BLUE, lineWidth: 2, title: "equity", ...quiet, lastValueVisible: true }, 1);
  const benchmark = data.benchmark === null ? null
    : chart.addSeries(LineSeries, { color: GREY, lineWidth: 1, title: "benchmark", ...quiet, lastValueVisible: true }, 1);
  const drawdown = chart.addSeries(BaselineSeries, {
    baseValue: { type: "price", price: 0 }, bottomLineColor: BAD, bottomFillColor1: "rgba(200,50,43,.05)",
    bottomFillColor2: "rgba(200,50,43,.25)", topLineColor: BAD, topFillColor1: "rgba(0,0,0,0)", topFillColor2: "rgba(0,0,0,0)",
    lineWidth: 1, title: "drawdown %", ...quiet }, 2);
  [6, 2.2, 1.3].forEach((share, pane) => chart.panes()[pane].setStretchFactor(share));
  const curve = (values) => data.equity.time.map((time, i) => ({ time, value: values[i] }));
  const markers = createSeriesMarkers(candles, []);

  let name = null, now = null; // the symbol shown and its data
  let index = new Map(), equityIndex = new Map(data.equity.time.map((time, i) => [time, i]));
  let fillsAt = new Map(), levelAt = new Map(), shown = [], withText = null;

  // Trades, stops and targets are drawn by hand: only what is in view, stepped from bar to bar.
  const overlay = {
    updateAllViews() {},
    paneViews: () => [{ zOrder: () => "normal", renderer: () => ({ draw: (target) => target.useMediaCoordinateSpace(draw) }) }],
  };
  function draw({ context }) {
    const range = chart.timeScale().getVisibleRange();
    if (!range || !now) return;
    const scale = chart.timeScale();
    const x = (bar) => scale.timeToCoordinate(now.time[Math.min(bar, now.time.length - 1)]);
    const y = (price) => candles.priceToCoordinate(price);
    const line = (x1, y1, x2, y2) => {
      if ([x1, y1, x2, y2].some((value) => value === null)) return;
      context.beginPath(); context.moveTo(x1, y1); context.lineTo(x2, y2); context.stroke();
    };
    const inside = (a, b) => now.time[b] >= range.from && now.time[a] <= range.to;
    const from = barAt(range.from), to = barAt(range.to);
    if (now.levels && to - from < LEVELS_BELOW) {
      const bars = now.levels.bar;
      const first = lower(bars, from), last = lower(bars, to + 1);
      context.lineWidth = 1.5;
      for (const [key, values] of Object.entries(now.levels)) {
        if (key === "bar") continue;
        context.strokeStyle = key === "stop" ? STOP : TARGET;
        context.setLineDash(key === "stop" ? [] : [4, 3]);
        for (let i = first; i < last; ) {
          let j = i + 1; // one stroke for a level that stays
          while (j < last && bars[j] === bars[j - 1] + 1 && values[j] === values[i]) j++;
          if (values[i] !== null) line(x(bars[i]), y(values[i]), x(bars[j - 1] + 1), y(values[i]));
          i = j;
        }
      }
    }
    context.lineWidth = 1.5;
    context.setLineDash([2, 3]);
    const { trades } = now;
    const { fills } = now;
    for (let i = 0; i < fills.pnl.length; i++) {
      const trade = fills.trade[i];
      if (fills.pnl[i] === null || !inside(trades.entry_bar[trade], fills.bar[i])) continue;
      context.strokeStyle = fills.pnl[i] > 0 ? GOOD : BAD;
      line(x(trades.entry_bar[trade]), y(trades.entry_price[trade]), x(fills.bar[i]), y(fills.price[i]));
    }
    context.setLineDash([]);
  }
  const lower = (sorted, value) => {
    let a = 0, b = sorted.length;
    while (a < b) { const middle = (a + b) >> 1; if (sorted[middle] < value) a = middle + 1; else b = middle; }
    return a;
  };
  const barAt = (time) => Math.max(0, lower(now.time, time) - (time > now.time[now.time.length - 1] ? 1 : 0));
  candles.attachPrimitive(overlay);

  function makeMarkers(text) {
    const { fills } = now;
    return fills.bar.map((bar, i) => {
      const buy = fills.side[i] === "buy", entry = fills.reason[i] === "entry";
      const color = entry ? BLUE : fills.pnl[i] > 0 ? GOOD : BAD;
      return { time: now.time[bar], id: String(i), color, position: buy ? "belowBar" : "aboveBar",
        shape: entry ? (buy ? "arrowUp" : "arrowDown") : "circle", size: text ? 1 : 0.7, text: text ? fills.reason[i] : undefined };
    });
  }
  function refreshMarkers(range) {
    const text = range !== null && range.to - range.from < TEXT_BELOW;
    if (!now || text === withText) return;
    withText = text;
    shown = makeMarkers(text);
    markers.setMarkers(shown);
  }

  function select(symbol) {
    name = symbol; now = data.symbols[symbol];
    index = new Map(now.time.map((time, i) => [time, i]));
    fillsAt = new Map();
    now.fills.bar.forEach((bar, i) => fillsAt.set(bar, [...(fillsAt.get(bar) || []), i]));
    levelAt = new Map(now.levels ? now.levels.bar.map((bar, i) => [bar, i]) : []);
    candles.applyOptions({ priceFormat: { type: "price", precision: now.digits, minMove: 10 ** -now.digits } });
    candles.setData(now.time.map((time, i) => ({ time, open: now.open[i], high: now.high[i], low: now.low[i], close: now.close[i] })));
    volume.setData(now.volume ? now.time.map((time, i) => ({ time, value: now.volume[i] ?? 0 })) : []);
    withText = null;
    refreshMarkers(chart.timeScale().getVisibleLogicalRange());
    element("symbol").value = symbol;
    element("note").textContent = `${now.fills.bar.length.toLocaleString("en-US")} fills, ${now.trades.pnl.length.toLocaleString("en-US")} trades`
      + (now.step > 1 ? `; each candle stands for ${now.step} bars` : "");
    fillTrades();
    legend(null);
  }

  function legend(time) {
    const range = time === null ? chart.timeScale().getVisibleRange() : null; // without a mouse: the last bar in view
    const bar = time === null ? (range ? barAt(range.to) : now.time.length - 1) : index.get(time);
    const at = equityIndex.get(time === null ? now.time[bar] : time);
    const parts = [];
    if (bar !== undefined && bar >= 0) {
      const price = (key) => number(now[key][bar], now.digits);
      parts.push(`${name}  ${stamp(now.time[bar])}  O ${price("open")}  H ${price("high")}  L ${price("low")}  C ${price("close")}`);
      const row = levelAt.get(bar);
      if (row !== undefined) {
        const told = Object.entries(now.levels).filter(([key, values]) => key !== "bar" && values[row] !== null);
        parts.push(told.map(([key, values]) => `${key.replace("_", " ")} ${number(values[row], now.digits)}`).join("  "));
      }
    }
    if (at !== undefined) parts.push(`equity ${number(data.equity.equity[at], 2)}  drawdown ${number(data.equity.drawdown[at], 2)} %`);
    element("legend").textContent = parts.filter(Boolean).join("   ");
  }

  function tip(event) {
    const box = element("tip"), bar = event.time === undefined ? undefined : index.get(event.time);
    const fills = (bar !== undefined && fillsAt.get(bar)) || [];
    box.hidden = fills.length === 0 || !event.point;
    if (box.hidden) return;
    const { side, quantity, price, fee, reason, time } = now.fills;
    box.textContent = fills.map((i) => `${reason[i]}: ${side[i]} ${Number(quantity[i].toPrecision(8))} @ ${number(price[i], now.digits)}`
      + `\n${stamp(time[i])}, fee ${number(fee[i], 2)}`).join("\n");
    box.style.left = `${Math.min(event.point.x + 14, plot.clientWidth - box.offsetWidth - 70)}px`;
    box.style.top = `${Math.max(event.point.y - box.offsetHeight - 10, 24)}px`;
  }

  function tradeRow(i) {
    const { trades } = now, price = (key) => number(trades[key][i], now.digits), row = document.createElement("tr");
    const cells = [i + 1, trades.side[i], stamp(trades.entry_time[i]), stamp(trades.exit_time[i]), Number(trades.quantity[i].toPrecision(8)),
      price("entry_price"), price("exit_price"), number(trades.fees[i], 2), number(trades.pnl[i], 2),
      `${number(100 * trades.return[i], 2)} %`, trades.bars_held[i], trades.exit_reason[i]];
    cells.forEach((text, column) => {
      const cell = row.insertCell();
      cell.textContent = text;
      if (column === 8) cell.className = trades.pnl[i] > 0 ? "good" : "bad";
    });
    row.addEventListener("click", () => { showTrade(i); plot.scrollIntoView({ block: "center" }); });
    return row;
  }
  function moreTrades() {
    const body = element("trades").tBodies[0], first = body.rows.length;
    const count = Math.min(ROWS, now.trades.pnl.length - first);
    body.append(...Array.from({ length: Math.max(count, 0) }, (_, k) => tradeRow(first + k)));
  }
  function fillTrades() {
    const head = document.createElement("tr"), top = document.createElement("thead");
    for (const text of ["trade", "side", "entry", "exit", "quantity", "at", "out at", "fees", "P&L", "return", "bars", "last exit"]) {
      head.appendChild(document.createElement("th")).textContent = text;
    }
    top.append(head);
    element("trades").replaceChildren(top, document.createElement("tbody"));
    moreTrades();
  }

  let trade = -1;
  function zoom(from, to) {
    const last = now.time.length - 1, clip = (bar) => Math.max(0, Math.min(last, Math.round(bar)));
    chart.timeScale().setVisibleRange({ from: now.time[clip(from)], to: now.time[clip(to)] });
  }
  function showTrade(number) {
    const count = now.trades.pnl.length;
    if (count === 0) return;
    trade = (number + count) % count;
    const a = now.trades.entry_bar[trade], b = now.trades.exit_bar[trade], room = Math.max(15, Math.round((b - a) * 0.4));
    zoom(a - room, b + room);
  }

  chart.timeScale().subscribeVisibleLogicalRangeChange((range) => { refreshMarkers(range); if (now) legend(null); });
  chart.subscribeCrosshairMove((event) => { legend(event.time === undefined ? null : event.time); tip(event); });
  for (const symbol of Object.keys(data.symbols)) element("symbol").append(new Option(symbol));
  element("symbol").hidden = Object.keys(data.symbols).length < 2;
  element("symbol").addEventListener("change", (event) => { trade = -1; select(event.target.value); });
  element("trades").parentElement.addEventListener("scroll", ({ target }) => {
    if (target.scrollTop + target.clientHeight > target.scrollHeight - 200) moreTrades();
  });
  element("fit").addEventListener("click", () => chart.timeScale().fitContent());
  element("previous").addEventListener("click", () => showTrade(trade < 0 ? -1 : trade - 1));
  element("next").addEventListener("click", () => showTrade(trade + 1));
  element("log").addEventListener("click", (event) => {
    const on = event.target.getAttribute("aria-pressed") !== "true";
    event.target.setAttribute("aria-pressed", String(on));
    candles.priceScale().applyOptions({ mode: on ? 1 : 0 });
    chart.priceScale("right", 1).applyOptions({ mode: on ? 1 : 0 });
  });

  equity.setData(curve(data.equity.equity));
  if (benchmark) benchmark.setData(curve(data.equity.benchmark));
  drawdown.setData(curve(data.equity.drawdown));
  select(Object.keys(data.symbols)[0]);
  chart.timeScale().fitContent();

  const frame = element("quantstats");
  const stretch = () => { if (frame.contentDocument) frame.style.height = `${frame.contentDocument.documentElement.scrollHeight + 20}px`; };
  if (frame) { frame.addEventListener("load", stretch); if (frame.contentDocument && frame.contentDocument.readyState === "complete") stretch(); }

  window.navale = {
    ready: false, milliseconds: null, zoom, select, trade: showTrade, fit: () => chart.timeScale().fitContent(),
    symbol: () => name, symbols: () => Object.keys(data.symbols), bars: () => now.time.length,
    fills: () => now.fills.bar.length, markers: () => markers.markers().length, text: () => withText,
    range: () => { const range = chart.timeScale().getVisibleRange(); return range && [barAt(range.from), barAt(range.to)]; },
  };
  requestAnimationFrame(() => requestAnimationFrame(() => {
    window.navale.milliseconds = Math.round(performance.now() - began);
    window.navale.ready = true;
    const wanted = /^#trade-(\d+)$/.exec(location.hash);
    if (wanted) showTrade(Number(wanted[1]) - 1);
  }));
})();
