// Draws every <figure data-chart> from the JSON beside it. Pages that show charts load this after vendor/echarts.min.js.
(() => {
  "use strict";
  const style = getComputedStyle(document.documentElement);
  const token = (name) => style.getPropertyValue(name).trim();
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  // Okabe and Ito's palette, which people with colour-blindness can tell apart; the house's blue first.
  const PALETTE = [token("--qf-brand"), "#d55e00", "#009e73", "#cc79a7", "#8a6d00", "#56b4e9"];
  const write = (value) => (value === null || value === undefined ? "—" : Number(value).toLocaleString("zh-CN"));

  function base(data) {
    const size = parseFloat(style.fontSize) * 0.8125;
    return {
      animation: !still,
      color: PALETTE,
      aria: { enabled: false },
      textStyle: { fontFamily: style.getPropertyValue("--qf-font"), fontSize: size, color: token("--qf-ink") },
      grid: { left: 8, right: 56, top: 32, bottom: 8, containLabel: true },
      // Rich text is drawn on the canvas: the page's security policy allows no inline styles.
      tooltip: { trigger: "axis", renderMode: "richText", confine: true, axisPointer: { type: "shadow" },
        valueFormatter: (value) => `${write(value)} ${data.unit || ""}` },
      legend: { show: data.series.length > 1, top: 0, left: 0 },
    };
  }
  const valueAxis = (data) => ({ type: "value", min: 0, name: data.unit, nameTextStyle: { align: "left" },
    splitLine: { lineStyle: { color: token("--qf-line") } }, axisLabel: { formatter: write } });
  const nameAxis = (data) => ({ type: "category", data: data.categories, axisTick: { show: false },
    axisLine: { lineStyle: { color: token("--qf-line-strong") } } });
  const label = (position) => ({ show: true, position, formatter: (point) => write(point.value), color: token("--qf-ink") });

  const KINDS = {
    bar: (data) => ({ ...base(data), xAxis: { ...valueAxis(data), name: "" }, yAxis: { ...nameAxis(data), inverse: true },
      series: data.series.map((one) => ({ type: "bar", name: one.name, data: one.values, barMaxWidth: 22, label: label("right") })) }),
    line: (data) => ({ ...base(data), xAxis: { ...nameAxis(data), boundaryGap: false }, yAxis: valueAxis(data),
      series: data.series.flatMap((one, i) => lineWithBand(one, PALETTE[i % PALETTE.length])) }),
    bullet: (data) => ({ ...base(data), xAxis: { ...valueAxis(data), name: "" }, yAxis: { ...nameAxis(data), inverse: true },
      series: [
        { type: "bar", name: data.series[0].name, data: data.series[0].values, barWidth: 12, z: 3, label: label("right") },
        { type: "scatter", name: data.series[1].name, data: data.series[1].values.map((value, i) => [value, i]), symbol: "rect",
          symbolSize: [3, 26], itemStyle: { color: token("--qf-ink") }, z: 4 },
      ] }),
  };
  function lineWithBand(one, color) {
    const line = { type: "line", name: one.name, data: one.values, symbolSize: 7, color };
    if (!one.low || !one.high) return [line];
    const hidden = { type: "line", stack: `band-${one.name}`, symbol: "none", lineStyle: { opacity: 0 }, silent: true, tooltip: { show: false } };
    return [line, { ...hidden, data: one.low },
      { ...hidden, data: one.high.map((high, i) => high - one.low[i]), areaStyle: { color, opacity: 0.15 } }];
  }

  document.querySelectorAll("figure[data-chart]").forEach((figure) => {
    const data = JSON.parse(document.getElementById(figure.dataset.chart).textContent);
    const canvas = figure.querySelector(".canvas");
    const chart = window.echarts.init(canvas, null, { renderer: "canvas" });
    chart.setOption(KINDS[data.kind](data));
    if (data.links) chart.on("click", (point) => { const link = data.links[point.dataIndex]; if (link) window.location.assign(link); });
    new ResizeObserver(() => chart.resize()).observe(canvas);
  });
})();
