/** SQL that makes many login roles: each is in two groups, and all of these are in `persons`, through up to six others. */
export function createRoles(count: number): string {
  return `DO $$BEGIN
    CREATE ROLE persons;
    FOR g IN 0..99 LOOP EXECUTE format('CREATE ROLE g%s', g); END LOOP;
    GRANT persons TO g0;
    FOR g IN 1..99 LOOP EXECUTE format('GRANT g%s TO g%s', (g - 1) / 3, g); END LOOP;
    FOR i IN 1..${count} LOOP
      EXECUTE format('CREATE ROLE %I LOGIN IN ROLE g%s, g%s', 'Z' || lpad(i::text, 6, '0'), i % 100, (i * 7 + 1) % 100);
    END LOOP;
  END$$`;
}
