// Drives the API through the npm package toxiproxy-node-client: node drive.js API-URL UPSTREAM
const assert = require("node:assert");
const { Toxiproxy } = require("toxiproxy-node-client");

async function main([url, upstream]) {
  const toxiproxy = new Toxiproxy(url);
  assert.match(JSON.stringify(await toxiproxy.getVersion()), /2\.12\.0/);
  let proxy = await toxiproxy.createProxy({ name: "db", listen: "127.0.0.1:0", upstream });
  assert.equal(proxy.enabled, true);
  assert.equal((await toxiproxy.get("db")).upstream, upstream);
  assert.deepEqual(Object.keys((await toxiproxy.getAll()).proxies ?? (await toxiproxy.getAll())), ["db"]);

  const toxic = await proxy.addToxic({ name: "slow", type: "latency", stream: "upstream", toxicity: 1, attributes: { latency: 5, jitter: 0 } });
  assert.equal(toxic.name, "slow");
  assert.equal((await proxy.getToxic("slow")).attributes.latency, 5);
  await toxic.update({ attributes: { latency: 7, jitter: 0 } });
  assert.equal((await proxy.getToxic("slow")).attributes.latency, 7);
  await toxic.remove();
  await assert.rejects(proxy.getToxic("slow"));

  proxy = await proxy.update({ enabled: false, listen: proxy.listen, upstream });
  assert.equal(proxy.enabled, false);
  await toxiproxy.reset();
  assert.equal((await toxiproxy.get("db")).enabled, true);
  await toxiproxy.populate([{ name: "cache", listen: "127.0.0.1:0", upstream }]);
  await (await toxiproxy.get("cache")).remove();
  await (await toxiproxy.get("db")).remove();
  await assert.rejects(toxiproxy.get("db"));
}

main(process.argv.slice(2)).then(() => console.log("ok"), (error) => { console.error(error); process.exit(1); });
