// Draws each [data-chart] from the page's data; a table with the same figures stands below.
window.addEventListener("load", () => {
  const all = JSON.parse(document.getElementById("charts").textContent);
  const dark = document.documentElement.dataset.bsTheme === "dark";
  for (const place of document.querySelectorAll("[data-chart]")) {
    const data = all[place.dataset.chart];
    const chart = echarts.init(place, dark ? "dark" : null);
    const colours = dark ? ["#8cb8f0", "#f0b878"] : ["#1c4a86", "#b8620b"];
    const series = data.series || [{ y: data.y }]; // two beside each other have names, and so a legend
    chart.setOption({
      backgroundColor: "transparent",
      animation: false,
      grid: { left: 70, right: 16, top: 32, bottom: data.x.length > 12 ? 96 : 40 },
      tooltip: { trigger: "axis", renderMode: "richText" },
      xAxis: { type: "category", data: data.x, axisLabel: { rotate: data.x.length > 12 ? 60 : 0 } },
      yAxis: { type: "value", name: place.dataset.unit },
      legend: data.series ? { top: 0, right: 16 } : undefined,
      series: series.map((one, n) => ({ type: "bar", name: one.name, data: one.y, itemStyle: { color: colours[n] } })),
    });
    window.addEventListener("resize", () => chart.resize());
  }
});
