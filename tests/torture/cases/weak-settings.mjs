// A PostgreSQL that is set to lose commits: with synchronous_commit off for the database, the server's own sessions commit to
// disk all the same, so a crash of PostgreSQL right after the answers loses nothing; with fsync or full_page_writes off, which
// no session can mend, `ks-pay doctor` fails and names the setting, and a start warns of it or refuses.
//
// Control: rows of a session that takes the database's setting are lost in the same crash.
import { allWell, nothingLost } from "../support/account.mjs";
import { torture } from "../support/case.mjs";
import { Installation } from "../support/installation.mjs";
import { Cluster } from "../support/postgres.mjs";
import { Traffic } from "../support/traffic.mjs";

const ROWS = 50;

await torture(async (run) => {
  await asynchronous(run);
  for (const setting of run.of(["fsync"], ["fsync", "full_page_writes"])) await named(run, setting);
});

async function asynchronous(run) {
  // The log's writer sleeps for long, so that what waits for it is lost.
  const cluster = await Cluster.make(run, { settings: { synchronous_commit: "off", wal_writer_delay: "10s" } });
  const installation = await Installation.make(run, { env: { DATABASE_URL: cluster.url } });
  await cluster.psql("CREATE TABLE control (n bigint)");
  await cluster.psql("CHECKPOINT");
  await installation.serve();
  const traffic = new Traffic(run);
  await traffic.pour(installation.connection, { most: run.of(150, 1500) }).done;
  const session = cluster.session();
  const over = new Promise((resolve) => session.on("close", resolve));
  for (let n = 0; n < ROWS; n++) session.stdin.write(`INSERT INTO control VALUES (${n});\n`);
  session.stdin.end();
  await over;
  await cluster.stop("immediate");
  await cluster.start();
  const { stdout } = await cluster.psql("SELECT count(*) FROM control");
  run.control(Number(stdout) < ROWS, `of ${ROWS} rows that another session committed by the database's setting ${Number(stdout)} are left`);
  await installation.until("/readyz", 200, 10_000);
  await nothingLost(run, installation, traffic, { isFelt: false });
  await allWell(run, installation, traffic);
}

async function named(run, setting) {
  const cluster = await Cluster.make(run, { settings: { [setting]: "off" } });
  const installation = await Installation.make(run, { env: { DATABASE_URL: cluster.url } });
  const doctor = await installation.attempt(["doctor"]);
  run.demand(doctor.code === 1 && new RegExp(`^bad +${setting}`, "m").test(doctor.stdout), `doctor fails and names ${setting}`, doctor.stdout);
  const start = await installation.serve().then(() => "started", (error) => error.message);
  const isSaid = new RegExp(`(WARN|ERROR|ended with).*${setting}`, "s").test(start + installation.log);
  run.demand(isSaid, `a start with ${setting} off warns of it or refuses`, `${start}; log: ${installation.log.trim() || "nothing"}`);
}
