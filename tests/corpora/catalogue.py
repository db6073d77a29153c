"""catalogue: a schema as the server's own functions tell it, one line for each thing in it. For
servers that pg_dump refuses, since they are newer than it."""

OURS = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"


def member(catalogue, oid):
    """A condition: it is no extension's."""
    return (f"NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = '{catalogue}'::regclass "
            f"AND e.objid = {oid} AND e.deptype = 'e')")


TABLE = f"{OURS} AND {member('pg_class', 'c.oid')} AND c.relname !~ '^mig_(version|history)'"
OF_TABLE = ("JOIN pg_class c ON c.oid = {oid} JOIN pg_namespace n ON n.oid = c.relnamespace "
            f"WHERE {TABLE}")

# Each gives one column of text.
QUERIES = [
    f"SELECT format('schema %I %s', n.nspname, n.nspacl) FROM pg_namespace n WHERE {OURS} "
    f"AND {member('pg_namespace', 'n.oid')}",
    "SELECT format('relation %I.%I %s %s %s %s %s %s %s %s', n.nspname, c.relname, c.relkind, "
    "c.relpersistence, c.reloptions, c.relacl, c.relrowsecurity, c.relforcerowsecurity, c.relreplident, "
    "pg_get_partkeydef(c.oid)) || coalesce(pg_get_expr(c.relpartbound, c.oid), '') || "
    "CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) ELSE '' END "
    "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
    f"WHERE {TABLE} AND c.relkind NOT IN ('i', 'I', 't')",
    "SELECT format('column %s.%I %s %s %s %s %s %s %s %s %s', c.oid::regclass, a.attname, "
    "format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated, "
    "a.attcollation::regcollation, a.attstorage, a.attcompression, a.attacl, a.attoptions) || "
    "coalesce(pg_get_expr(d.adbin, d.adrelid), '') FROM pg_attribute a "
    "LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum "
    + OF_TABLE.format(oid="a.attrelid") + " AND a.attnum > 0 AND NOT a.attisdropped "
    "AND c.relkind NOT IN ('i', 'I', 'S', 't')",
    "SELECT format('constraint %s.%I %s %s', c.oid::regclass, k.conname, k.convalidated, "
    "pg_get_constraintdef(k.oid)) FROM pg_constraint k " + OF_TABLE.format(oid="k.conrelid"),
    "SELECT format('index %s %s %s %s', pg_get_indexdef(i.indexrelid), i.indisvalid, i.indisclustered, "
    "i.indisreplident) FROM pg_index i " + OF_TABLE.format(oid="i.indrelid"),
    "SELECT format('inherits %s %s', h.inhrelid::regclass, h.inhparent::regclass) FROM pg_inherits h "
    + OF_TABLE.format(oid="h.inhrelid"),
    "SELECT format('trigger %s %s', pg_get_triggerdef(g.oid), g.tgenabled) FROM pg_trigger g "
    + OF_TABLE.format(oid="g.tgrelid") + " AND NOT g.tgisinternal",
    "SELECT format('policy %s %I %s %s %s %s %s', c.oid::regclass, p.polname, p.polcmd, p.polpermissive, "
    "(SELECT string_agg(r::regrole::text, ',' ORDER BY r::regrole::text) FROM unnest(p.polroles) r), "
    "pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)) FROM pg_policy p "
    + OF_TABLE.format(oid="p.polrelid"),
    "SELECT format('rule %s', pg_get_ruledef(r.oid)) FROM pg_rewrite r "
    + OF_TABLE.format(oid="r.ev_class") + " AND r.rulename <> '_RETURN'",
    "SELECT format('statistics %s', pg_get_statisticsobjdef(s.oid)) FROM pg_statistic_ext s "
    + OF_TABLE.format(oid="s.stxrelid"),
    "SELECT format('sequence %s %s %s %s %s %s %s %s %s', c.oid::regclass, s.seqtypid::regtype, s.seqstart, "
    "s.seqincrement, s.seqmax, s.seqmin, s.seqcache, s.seqcycle, (SELECT format('%s.%s', "
    "d.refobjid::regclass, (SELECT attname FROM pg_attribute WHERE attrelid = d.refobjid "
    "AND attnum = d.refobjsubid)) FROM pg_depend d WHERE d.objid = c.oid AND d.deptype IN ('a', 'i') "
    "AND d.classid = 'pg_class'::regclass AND d.refobjsubid > 0)) FROM pg_sequence s "
    + OF_TABLE.format(oid="s.seqrelid"),
    "SELECT format('%s %s %s', p.prokind, CASE p.prokind WHEN 'a' THEN p.oid::regprocedure::text || "
    "(SELECT a::text FROM (SELECT aggkind, aggtransfn, aggfinalfn, agginitval, aggtranstype::regtype "
    "FROM pg_aggregate WHERE aggfnoid = p.oid) a) ELSE pg_get_functiondef(p.oid) END, p.proacl) "
    f"FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE {OURS} "
    f"AND {member('pg_proc', 'p.oid')}",
    "SELECT format('type %s %s %s %s %s %s', t.oid::regtype, t.typtype, format_type(t.typbasetype, "
    "t.typtypmod), t.typnotnull, t.typdefault, t.typacl) || coalesce((SELECT "
    "string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder) FROM pg_enum e "
    "WHERE e.enumtypid = t.oid), '') || coalesce((SELECT string_agg(k.conname || "
    "pg_get_constraintdef(k.oid), ', ' ORDER BY k.conname) FROM pg_constraint k WHERE k.contypid = t.oid), '') "
    f"FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE {OURS} "
    f"AND {member('pg_type', 't.oid')} AND t.typtype IN ('d', 'e', 'r') "
    "AND NOT t.oid::regtype::text ~ 'mig_(version|history)'",
    "SELECT format('comment %s %s', pg_describe_object(d.classoid, d.objoid, d.objsubid), d.description) "
    "FROM pg_description d WHERE d.objoid >= 16384 OR d.objoid = 'public'::regnamespace",
    "SELECT format('event trigger %I %s %s %s %s', evtname, evtevent, evtfoid::regproc, evtenabled, "
    "evttags) FROM pg_event_trigger",
    "SELECT format('extension %I %s', extname, extversion) FROM pg_extension",
]

QUERY = "SET search_path = pg_catalog;\n" + "\n".join(
    f"SELECT coalesce(json_agg(x), '[]') FROM ({q}) AS q (x);" for q in QUERIES)
