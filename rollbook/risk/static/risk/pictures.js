// Draws each [data-picture] from the page's data; a table with the same figures stands below it.
window.addEventListener("load", () => {
  const all = JSON.parse(document.getElementById("pictures").textContent);
  const dark = document.documentElement.dataset.bsTheme === "dark";
  const blue = dark ? "#8cb8f0" : "#1c4a86", amber = dark ? "#f0c36c" : "#9a5b00";
  const red = dark ? "#f29a9a" : "#b3261e", grey = dark ? "#c3cad3" : "#4a5563";
  const axes = (data, x) => ({
    grid: { left: 70, right: 24, top: 40, bottom: 64 },
    xAxis: { name: data.x_name, nameLocation: "middle", nameGap: 36, scale: true, ...x },
    yAxis: { type: "value", name: data.y_name },
  });
  const options = {
    bar: (data) => ({
      ...axes(data, { type: "category", data: data.x, axisLabel: { rotate: data.x.length > 10 ? 60 : 0 } }),
      series: [{ type: "bar", data: data.y, itemStyle: { color: blue } }],
    }),
    // To scale: the plot is a square, and both axes reach as far from the site.
    map: (data, place) => {
      const side = Math.min(place.clientWidth - 96, place.clientHeight - 120);
      const axis = { type: "value", min: -data.edge, max: data.edge, nameLocation: "middle" };
      const round = Array.from({ length: 73 }, (_, n) => n * Math.PI / 36);
      const looks = { inside: ["circle", blue], outside: ["triangle", red], "made-up": ["diamond", amber], unknown: ["circle", amber] };
      return {
        grid: { left: 72, top: 64, width: side, height: side },
        legend: { type: "scroll", top: 0, left: 0 },
        xAxis: { ...axis, name: data.x_name, nameGap: 28, splitNumber: 4 }, yAxis: { ...axis, name: data.y_name, nameGap: 52, splitNumber: 4 },
        series: [
          ...(data.fence ? [
            { name: data.fence_name, type: "line", symbol: "none", silent: true, lineStyle: { type: "dashed", width: 2, color: grey }, itemStyle: { color: grey },
              data: round.map((angle) => [data.fence * Math.cos(angle), data.fence * Math.sin(angle)]) },
            { name: data.site, type: "scatter", symbol: "pin", symbolSize: 28, itemStyle: { color: grey }, data: [[0, 0]] },
          ] : []),
          ...data.groups.map((one) => ({ name: one.name, type: "scatter", symbol: looks[one.kind][0], symbolSize: 9, itemStyle: { color: looks[one.kind][1], opacity: 0.8 }, data: one.points })),
        ],
      };
    },
    // Bars between their bounds, so that the limit stands where it is.
    histogram: (data) => {
      const bar = (color, from, to) => ({
        type: "custom", itemStyle: { color }, encode: { x: [0, 1], y: [2, 3] }, clip: true,
        data: data.bins.map(([low, high, other, own]) => [low, high, from * other, other + to * own]),
        renderItem: (_, api) => {
          const [left, top] = api.coord([api.value(0), api.value(3)]), [right, bottom] = api.coord([api.value(1), api.value(2)]);
          return { type: "rect", shape: { x: left + 1, y: top, width: Math.max(right - left - 2, 1), height: bottom - top }, style: { fill: api.visual("color") } };
        },
      });
      const top = Math.max(...data.bins.map(([, , other, own]) => other + own));
      const shown = axes(data, { type: "value", scale: true, min: data.bins[0][0], max: data.bins.at(-1)[1] });
      return {
        ...shown, yAxis: { ...shown.yAxis, minInterval: 1, nameLocation: "middle", nameGap: 40 }, legend: { type: "scroll", top: 0, left: 0 },
        series: [
          { ...bar(blue, 0, 0), name: data.names[0] }, { ...bar(amber, 1, 1), name: data.names[1] },
          { name: `${data.limit_name} ${data.limit}`, type: "line", symbol: "none", itemStyle: { color: red }, lineStyle: { color: red, width: 2, type: "dashed" }, data: [[data.limit, 0], [data.limit, top]] },
        ],
      };
    },
    // A lane for each kind of event; the more on a day, the larger.
    timeline: (data, place) => ({
      grid: { left: Math.min(180, place.clientWidth / 3), right: 24, top: 16, bottom: 48 },
      xAxis: { type: "time", boundaryGap: ["4%", "4%"], minInterval: 86400000, axisLabel: { hideOverlap: true, formatter: "{yyyy}-{MM}-{dd}" }, splitNumber: place.clientWidth < 500 ? 2 : 5 },
      yAxis: { type: "category", data: data.lanes, inverse: true, splitLine: { show: true }, axisLabel: { width: Math.min(160, place.clientWidth / 3 - 20), overflow: "break" } },
      series: [{
        type: "scatter", data: data.points, symbolSize: ([, , count]) => 8 + Math.min(16, 4 * Math.log2(count)),
        itemStyle: { opacity: 0.85, color: (one) => (data.lanes[one.data[1]].includes(" · ") ? red : blue) },
      }],
    }),
    lines: (data) => ({
      ...axes(data, { type: "category", data: data.x }),
      legend: { top: 0, right: 0 },
      series: data.lines.map((line, n) => ({ ...line, type: "line", step: "end", color: [blue, amber][n] })),
    }),
    // From left to right as the paths go.
    graph: (data, place) => {
      const looks = { body: ["roundRect", blue], firm: ["rect", amber], thing: ["diamond", red], person: ["circle", blue], class: ["roundRect", grey] };
      const width = place.clientWidth - 130, height = place.clientHeight - 90, kinds = Object.keys(data.kinds);
      return {
        legend: { top: 0, left: 0, type: "scroll" },
        series: [{
          type: "graph", layout: "none", left: 65, top: 50, width, height, roam: false, symbolSize: 18, lineStyle: { width: 2, color: grey },
          label: { show: true, position: "bottom", width: Math.max(72, Math.min(150, width / 4)), overflow: "break", color: grey },
          edgeLabel: { show: true, color: grey, opacity: 1, formatter: (one) => one.data.label },
          categories: kinds.map((kind) => ({ name: data.kinds[kind], symbol: looks[kind][0], itemStyle: { color: looks[kind][1] } })),
          data: [
            ...data.nodes.map((one, n) => ({ id: String(n), name: one.name, x: one.x * width, y: one.y * height, category: kinds.indexOf(one.kind) })),
            // the corners, that nothing is stretched to fill the place
            ...[[0, 0], [width, height]].map(([x, y]) => ({ id: `corner ${x}`, name: "", x, y, symbolSize: 0, label: { show: false } })),
          ],
          links: data.links.map(([source, target, label]) => ({ source: String(source), target: String(target), label })),
        }],
      };
    },
  };
  for (const place of document.querySelectorAll("[data-picture]")) {
    const data = all[place.dataset.picture];
    const chart = echarts.init(place, dark ? "dark" : null);
    const draw = () => chart.setOption({
      backgroundColor: "transparent", animation: false, tooltip: { renderMode: "richText" }, ...options[data.kind](data, place),
    });
    draw();
    window.addEventListener("resize", () => { chart.resize(); draw(); });
  }
});
