// Points, error bars and limits on a canvas.

import { DETECTED, LIMIT, UNDETECTED } from "./photometry.js";
import { indicesWithin } from "./ranges.js";

export const CROWD = 6000; // points in view from which they are drawn faint, without error bars

/** Draw what of `points` ({x, y, error, kind}) is in view of the chart `u`. */
export function drawMarks(u, points, colours) {
  const { min, max } = u.scales.x;
  const [from, to] = indicesWithin(points.x, [min, max]);
  const scale = devicePixelRatio;
  const radius = scale * (to - from < 400 ? 3 : to - from < 2500 ? 2.1 : 1.5);
  const { ctx, bbox } = u;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.lineWidth = scale;
  if (to - from > CROWD) {
    drawCrowd(u, points, from, to, colours);
    return ctx.restore();
  }
  drawErrors(u, points, from, to, colours);
  drawShapes(u, points, from, to, { kind: DETECTED, radius, colour: colours.mark });
  drawShapes(u, points, from, to, { kind: UNDETECTED, radius, colour: colours.limit });
  drawShapes(u, points, from, to, { kind: LIMIT, radius, colour: colours.limit });
  ctx.restore();
}

/** Each point on its own and see-through, so that it shows where they are dense. */
function drawCrowd(u, points, from, to, colours) {
  const { ctx } = u;
  const size = 2 * devicePixelRatio;
  ctx.globalAlpha = 0.35;
  for (let i = from; i < to; i++) {
    ctx.fillStyle = points.kind[i] === DETECTED ? colours.mark : colours.limit;
    const x = u.valToPos(points.x[i], "x", true);
    ctx.fillRect(x - size / 2, u.valToPos(points.y[i], "y", true) - size / 2, size, size);
  }
}

function drawErrors(u, points, from, to, colours) {
  const { ctx } = u;
  ctx.beginPath();
  for (let i = from; i < to; i++) {
    if (!points.error[i]) continue;
    const x = u.valToPos(points.x[i], "x", true);
    ctx.moveTo(x, u.valToPos(points.y[i] - points.error[i], "y", true));
    ctx.lineTo(x, u.valToPos(points.y[i] + points.error[i], "y", true));
  }
  ctx.strokeStyle = colours.error;
  ctx.stroke();
}

function drawShapes(u, points, from, to, { kind, radius, colour }) {
  const { ctx } = u;
  const add = kind === LIMIT ? addTriangle : addCircle;
  ctx.beginPath();
  for (let i = from; i < to; i++) {
    if (points.kind[i] !== kind) continue;
    add(ctx, u.valToPos(points.x[i], "x", true), u.valToPos(points.y[i], "y", true), radius);
  }
  ctx.fillStyle = ctx.strokeStyle = colour;
  if (kind === DETECTED) ctx.fill();
  else ctx.stroke();
}

function addCircle(ctx, x, y, radius) {
  ctx.moveTo(x + radius, y);
  ctx.arc(x, y, radius, 0, 2 * Math.PI);
}

/** Points down: fainter than this. */
function addTriangle(ctx, x, y, radius) {
  const size = radius * 1.4;
  ctx.moveTo(x - size, y - size * 0.7);
  ctx.lineTo(x + size, y - size * 0.7);
  ctx.lineTo(x, y + size);
  ctx.closePath();
}
