// Lay one graph out with elkjs several times: CPU seconds (user and system, all threads) of the layout call alone.
//
//   node --stack-size=60000 elk_layout.mjs ELKJS WARM.json GRAPH.json RUNS DRAWING.json
//
// WARM.json is laid out first, so that V8 has compiled what it will run. Prints {"cpu": [..]}; DRAWING.json gets the
// last layout: nodes as {id: [x, y]} (centres), edges as [[x, y], ..] in the order of GRAPH.json.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const [elkjs, warm, graph, runs, drawing] = process.argv.slice(2);
const ELK = createRequire(import.meta.url)(`${elkjs}/lib/elk.bundled.js`);
const elk = new ELK();
const read = (path) => JSON.parse(readFileSync(path, "utf8"));

async function timed(input) {
  const before = process.cpuUsage();
  const laidOut = await elk.layout(input);
  const { user, system } = process.cpuUsage(before);
  return [(user + system) / 1e6, laidOut];
}

function centres(node, found) {
  if (node.children?.length) node.children.forEach((child) => centres(child, found));
  else found[node.id] = [node.x + node.width / 2, node.y + node.height / 2];
  return found;
}

await timed(read(warm));
const cpu = [];
let last;
for (let i = 0; i < Number(runs); i++) {
  const [seconds, laidOut] = await timed(read(graph));
  cpu.push(seconds);
  last = laidOut;
}
const edges = last.edges.map(({ sections: [section] }) =>
  [section.startPoint, ...(section.bendPoints ?? []), section.endPoint].map(({ x, y }) => [x, y]),
);
writeFileSync(drawing, JSON.stringify({ nodes: centres(last, {}), edges }));
console.log(JSON.stringify({ cpu }));
