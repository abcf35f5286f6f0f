// Turns a graph that neo4j_sink (cloudtrace-exporter) wrote into the graph that `weir neo4j-sink` writes.
// Run it once, while neither program writes: cypher-shell -a bolt://graph:7687 -u neo4j -f from-neo4j-sink.cypher
// A second run changes nothing. Back up the database first. Nodes that Weir has written are left alone.

// 1. One ACTION for each id: neo4j_sink made another where anything of it differed.
MATCH (a:ACTION) WITH a.id AS id, collect(a) AS twins WHERE size(twins) > 1
UNWIND twins[1..] AS other
WITH twins[0] AS keep, other
CALL { WITH keep, other
  OPTIONAL MATCH (other)-[:PERFORMED_BY]->(s:SUBJECT) FOREACH (n IN CASE WHEN s IS NULL THEN [] ELSE [s] END | MERGE (keep)-[:PERFORMED_BY]->(n))
  WITH keep, other OPTIONAL MATCH (other)-[:APPLIED_ON]->(r:RESOURCE) FOREACH (n IN CASE WHEN r IS NULL THEN [] ELSE [r] END | MERGE (keep)-[:APPLIED_ON]->(n))
  WITH keep, other OPTIONAL MATCH (other)-[:WITH_STATUS]->(o:STATUS) FOREACH (n IN CASE WHEN o IS NULL THEN [] ELSE [o] END | MERGE (keep)-[:WITH_STATUS]->(n))
}
DETACH DELETE other;

// 2. One STATUS, REGION and TENANT for each name: two writers at once made two.
MATCH (n:STATUS) WITH n.id AS id, collect(n) AS twins WHERE size(twins) > 1
UNWIND twins[1..] AS other
WITH twins[0] AS keep, other
OPTIONAL MATCH (a:ACTION)-[:WITH_STATUS]->(other)
FOREACH (x IN CASE WHEN a IS NULL THEN [] ELSE [a] END | MERGE (x)-[:WITH_STATUS]->(keep))
WITH DISTINCT other DETACH DELETE other;

MATCH (n:REGION) WITH n.name AS name, collect(n) AS twins WHERE size(twins) > 1
UNWIND twins[1..] AS other
WITH twins[0] AS keep, other
OPTIONAL MATCH (t:TENANT)-[:LOCATED_AT]->(other)
FOREACH (x IN CASE WHEN t IS NULL THEN [] ELSE [t] END | MERGE (x)-[:LOCATED_AT]->(keep))
WITH DISTINCT other DETACH DELETE other;

MATCH (n:TENANT) WITH n.tenantId AS tenantId, n.domainId AS domainId, collect(n) AS twins WHERE size(twins) > 1
UNWIND twins[1..] AS other
WITH twins[0] AS keep, other
CALL { WITH keep, other
  OPTIONAL MATCH (r:RESOURCE)-[:MEMBER_OF]->(other) FOREACH (x IN CASE WHEN r IS NULL THEN [] ELSE [r] END | MERGE (x)-[:MEMBER_OF]->(keep))
  WITH keep, other OPTIONAL MATCH (other)-[:LOCATED_AT]->(g:REGION) FOREACH (x IN CASE WHEN g IS NULL THEN [] ELSE [g] END | MERGE (keep)-[:LOCATED_AT]->(x))
}
DETACH DELETE other;

// 3. Keys that RESOURCE and SUBJECT are found by, as `weir neo4j-sink` makes them at its start.
CREATE CONSTRAINT weir_resource IF NOT EXISTS FOR (n:RESOURCE) REQUIRE n.key IS UNIQUE;
CREATE CONSTRAINT weir_subject IF NOT EXISTS FOR (n:SUBJECT) REQUIRE n.key IS UNIQUE;

// 4. What the attributes of an action state: the subject of neo4j_sink (the name of the resource), the service, the name, the status.
MATCH (a:ACTION)-[:PERFORMED_BY]->(s:SUBJECT) WHERE s.key IS NULL
SET a.originalSubject = s.id;

MATCH (a:ACTION) WHERE a.name IS NULL
WITH a, split(a.type, '.') AS parts OPTIONAL MATCH (a)-[:WITH_STATUS]->(o:STATUS)
SET a.service = toUpper(parts[0]), a.name = parts[-1], a.status = o.id;

// 5. A RESOURCE for each tenant, service, type and id, with its name. RESOURCE {id: ""} was everybody's.
MATCH (a:ACTION)-[x:APPLIED_ON]->(r:RESOURCE) WHERE r.key IS NULL
WITH a, x, r, split(a.type, '.') AS parts, split(a.source, '/') AS path,
  CASE WHEN coalesce(r.id, '') <> '' THEN r.id WHEN coalesce(a.originalSubject, '') <> '' THEN a.originalSubject END AS id
WITH a, x, r, parts[0] AS service, coalesce(parts[2], '') AS type, CASE WHEN path[-1] = '' THEN path[-2] ELSE path[-1] END AS tenantId, id
OPTIONAL MATCH (r)-[:MEMBER_OF]->(t:TENANT {tenantId: tenantId})
WITH a, x, service, type, tenantId, id, collect(t) AS tenants,
  CASE WHEN a.source CONTAINS '.otc.t-systems.com' THEN 'otc' WHEN a.source CONTAINS '.myhuaweicloud.com' THEN 'huawei' ELSE 'cloud' END AS cloud
FOREACH (_ IN CASE WHEN id IS NULL THEN [] ELSE [1] END |
  MERGE (n:RESOURCE {key: cloud + ':' + replace(replace(tenantId, '%', '%25'), '/', '%2F') + '/' + service + '/' + type + '/' + replace(replace(id, '%', '%25'), '/', '%2F')})
  SET n.id = id, n.name = coalesce(a.originalSubject, id), n.service = toUpper(service), n.type = type
  MERGE (a)-[:APPLIED_ON]->(n)
  FOREACH (t IN tenants | MERGE (n)-[:MEMBER_OF]->(t)))
DELETE x;

// 6. What is left of the old form. neo4j_sink kept nobody who acted: an action gets its SUBJECT when its event comes again.
MATCH (s:SUBJECT) WHERE s.key IS NULL DETACH DELETE s;
MATCH (r:RESOURCE) WHERE r.key IS NULL DETACH DELETE r;
CREATE INDEX weir_action_originalsubject IF NOT EXISTS FOR (n:ACTION) ON (n.originalSubject);
