\set n random(1, 1000000)
SELECT set_config('application_name', 'job ' || :n, false);
SELECT abalance FROM pgbench_accounts WHERE aid = :n % 100000;
UPDATE pgbench_accounts SET abalance = abalance + 1 WHERE aid = :n % 100000;
