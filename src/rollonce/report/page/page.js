"use strict";
// Without this script every bar is a link to the text about its roll; with it the text is shown beside the pointer too.
(() => {
  const peek = document.getElementById("peek");
  const told = (bar) => document.getElementById(bar.getAttribute("href").slice(1));
  const show = (event) => {
    const bar = event.target.closest("a.bar");
    const about = bar && told(bar);
    if (!about) return;
    const copy = about.cloneNode(true);
    copy.removeAttribute("id");
    copy.querySelectorAll("[id]").forEach((each) => each.removeAttribute("id"));
    peek.replaceChildren(copy);
    peek.hidden = false;
  };
  const hide = () => { peek.hidden = true; };
  const open = () => {
    const about = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let each = about; each; each = each.parentElement) if (each.tagName === "DETAILS") each.open = true;
    if (about) { hide(); about.scrollIntoView({ block: "center" }); }
  };
  document.querySelectorAll("svg.chart").forEach((chart) => {
    chart.addEventListener("mouseover", show);
    chart.addEventListener("focusin", show);
    chart.addEventListener("mouseleave", hide);
    chart.addEventListener("focusout", hide);
  });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
  addEventListener("hashchange", open);
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    opened.forEach((each) => { each.open = true; });
  });
  addEventListener("afterprint", () => opened.forEach((each) => { each.open = false; }));
  open();
})();
