// Draws each [data-picture] from the page's data; a table with the same figures stands below it.
window.addEventListener("load", () => {
  const all = JSON.parse(document.getElementById("pictures").textContent);
  const dark = document.documentElement.dataset.bsTheme === "dark";
  const blue = dark ? "#8cb8f0" : "#1c4a86", amber = dark ? "#f0c36c" : "#9a5b00";
  const axes = (data, x) => ({
    grid: { left: 70, right: 24, top: 40, bottom: 64 },
    xAxis: { name: data.x_name, nameLocation: "middle", nameGap: 36, scale: true, ...x },
    yAxis: { type: "value", name: data.y_name, scale: data.kind === "scatter" },
  });
  const options = {
    bar: (data) => ({
      ...axes(data, { type: "category", data: data.x, axisLabel: { rotate: data.x.length > 10 ? 60 : 0 } }),
      series: [{ type: "bar", data: data.y, itemStyle: { color: blue } }],
    }),
    scatter: (data) => ({
      ...axes(data, { type: "value" }),
      series: [{ type: "scatter", symbolSize: 8, data: data.points, itemStyle: { color: blue } }],
    }),
    lines: (data) => ({
      ...axes(data, { type: "category", data: data.x }),
      legend: { top: 0, right: 0 },
      series: data.lines.map((line, n) => ({ ...line, type: "line", step: "end", color: [blue, amber][n] })),
    }),
    graph: (data) => ({
      series: [{
        type: "graph", layout: "circular", roam: false, symbolSize: 36, lineStyle: { width: 2, color: amber },
        label: { show: true, position: "bottom" }, itemStyle: { color: blue },
        edgeLabel: { show: true, formatter: (one) => one.data.label },
        data: data.nodes.map((name) => ({ name })),
        links: data.links.map(([source, target, label]) => ({ source, target, label })),
      }],
    }),
  };
  for (const place of document.querySelectorAll("[data-picture]")) {
    const data = all[place.dataset.picture];
    const chart = echarts.init(place, dark ? "dark" : null);
    chart.setOption({
      backgroundColor: "transparent", animation: false, tooltip: { renderMode: "richText" }, ...options[data.kind](data),
    });
    window.addEventListener("resize", () => chart.resize());
  }
});
