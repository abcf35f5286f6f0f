import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { realHost } from '../host/index.ts'
import { flowFields } from '../model/fields.ts'
import { openStore, type Store, type StoreOptions } from './index.ts'
import { queryRows } from './testing/query-rows.ts'
import { event, FrameMaker, recordingLog, recordingMetrics, resolver, startOfDay } from './testing/frames.ts'

let directory: string
let stores: Store[]

beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'weir-store-')), 'store')
  stores = []
})

afterEach(async () => {
  for (const store of stores) await store.close()
  await rm(join(directory, '..'), { recursive: true, force: true })
})

async function open(options: Partial<StoreOptions> = {}): Promise<Store> {
  const store = await openStore({
    host: realHost(),
    directory,
    resolver,
    log: recordingLog(),
    metrics: recordingMetrics(),
    ...options,
  })
  stores.push(store)
  return store
}

describe('the views', () => {
  it('have their columns and types before the first row', async () => {
    const store = await open()
    expect(await queryRows(store.reader, 'SELECT * FROM flows')).toEqual([])
    expect(await queryRows(store.reader, 'SELECT count(*) AS n FROM events')).toEqual([{ n: 0 }])
    const flows = await queryRows(store.reader, 'DESCRIBE flows')
    expect(flows.map((row) => `${row['column_name']} ${row['column_type']}`)).toMatchInlineSnapshot(`
      [
        "time_start TIMESTAMP WITH TIME ZONE",
        "time_end TIMESTAMP WITH TIME ZONE",
        "time_received TIMESTAMP WITH TIME ZONE",
        "src_addr VARCHAR",
        "dst_addr VARCHAR",
        "exporter_addr VARCHAR",
        "src_port USMALLINT",
        "dst_port USMALLINT",
        "proto UTINYINT",
        "tcp_flags USMALLINT",
        "direction UTINYINT",
        "dscp UTINYINT",
        "vlan USMALLINT",
        "in_if UINTEGER",
        "out_if UINTEGER",
        "bytes UBIGINT",
        "packets UBIGINT",
        "sampling UINTEGER",
        "bytes_est HUGEINT",
        "packets_est HUGEINT",
        "protocol VARCHAR",
        "protocol_version UTINYINT",
        "time_skewed BOOLEAN",
        "src_name VARCHAR",
        "src_label VARCHAR",
        "dst_name VARCHAR",
        "dst_label VARCHAR",
        "_pos VARCHAR",
        "icmp_type UTINYINT",
        "icmp_code UTINYINT",
        "src_as UINTEGER",
        "dst_as UINTEGER",
        "src_mask UTINYINT",
        "dst_mask UTINYINT",
        "next_hop VARCHAR",
        "scope VARCHAR",
        "etype USMALLINT",
        "src_mac VARCHAR",
        "dst_mac VARCHAR",
        "dst_vlan USMALLINT",
        "inner_vlan USMALLINT",
        "in_if_name VARCHAR",
        "out_if_name VARCHAR",
        "interfaces VARCHAR[]",
        "if_directions UTINYINT[]",
        "udns VARCHAR[]",
        "node_direction UTINYINT",
        "ip_ttl UTINYINT",
        "flow_label UINTEGER",
        "fragment_id UINTEGER",
        "fragment_offset USMALLINT",
        "forwarding_status UINTEGER",
        "flow_end_reason UTINYINT",
        "flow_id UBIGINT",
        "biflow_direction UTINYINT",
        "reverse UTINYINT",
        "bgp_next_hop VARCHAR",
        "mpls_labels VARCHAR[]",
        "in_vrf UINTEGER",
        "out_vrf UINTEGER",
        "observation_domain UINTEGER",
        "observation_point UBIGINT",
        "src_country VARCHAR",
        "dst_country VARCHAR",
        "rtt UBIGINT",
        "dns_id USMALLINT",
        "dns_flags USMALLINT",
        "dns_rcode VARCHAR",
        "dns_latency DOUBLE",
        "dns_errno UINTEGER",
        "dns_name VARCHAR",
        "drop_bytes UBIGINT",
        "drop_packets UBIGINT",
        "drop_flags USMALLINT",
        "drop_state VARCHAR",
        "drop_cause VARCHAR",
        "xlat_src_addr VARCHAR",
        "xlat_dst_addr VARCHAR",
        "xlat_src_port USMALLINT",
        "xlat_dst_port USMALLINT",
        "xlat_zone USMALLINT",
        "ipsec_code INTEGER",
        "ipsec_status VARCHAR",
        "network_events JSON",
        "tls_version VARCHAR",
        "tls_cipher_suite VARCHAR",
        "tls_group VARCHAR",
        "tls_types VARCHAR[]",
        "quic_version UINTEGER",
        "quic_long_header UTINYINT",
        "quic_short_header UTINYINT",
        "src_kind VARCHAR",
        "src_namespace VARCHAR",
        "src_owner_name VARCHAR",
        "src_owner_kind VARCHAR",
        "src_node VARCHAR",
        "src_node_addr VARCHAR",
        "src_zone VARCHAR",
        "src_network VARCHAR",
        "dst_kind VARCHAR",
        "dst_namespace VARCHAR",
        "dst_owner_name VARCHAR",
        "dst_owner_kind VARCHAR",
        "dst_node VARCHAR",
        "dst_node_addr VARCHAR",
        "dst_zone VARCHAR",
        "dst_network VARCHAR",
        "cluster VARCHAR",
        "flow_layer VARCHAR",
        "record_type VARCHAR",
        "conversation VARCHAR",
        "conversation_first UTINYINT",
        "bytes_ab UBIGINT",
        "bytes_ba UBIGINT",
        "packets_ab UBIGINT",
        "packets_ba UBIGINT",
        "flow_logs UINTEGER",
        "rtt_max UBIGINT",
        "extra JSON",
        "listening_side UTINYINT",
        "inner_src_addr VARCHAR",
        "inner_dst_addr VARCHAR",
        "inner_proto UTINYINT",
        "inner_src_port USMALLINT",
        "inner_dst_port USMALLINT",
        "vni UINTEGER",
        "firewall_event UTINYINT",
        "firewall_reason USMALLINT",
        "in_acl VARCHAR",
        "out_acl VARCHAR",
        "nat_event UTINYINT",
        "application VARCHAR",
        "user VARCHAR",
        "service_port USMALLINT",
        "initiator VARCHAR",
      ]
    `)
    const events = await queryRows(store.reader, 'DESCRIBE events')
    expect(events.map((row) => `${row['column_name']} ${row['column_type']}`)).toMatchInlineSnapshot(`
      [
        "id VARCHAR",
        "source VARCHAR",
        "type VARCHAR",
        "subject VARCHAR",
        "time TIMESTAMP WITH TIME ZONE",
        "datacontenttype VARCHAR",
        "dataschema VARCHAR",
        "extensions JSON",
        "data JSON",
        "family VARCHAR",
        "ref VARCHAR",
        "key VARCHAR",
        "time_received TIMESTAMP WITH TIME ZONE",
        "_pos VARCHAR",
        "data_base64 VARCHAR",
      ]
    `)
  })

  it('show a flow as its exporter reported it, with names and the stable id', async () => {
    const store = await open()
    const make = new FrameMaker(7)
    await store.projection.apply([
      make.flows([
        { src: '10.0.0.1', dst: '2001:db8::1', bytes: 2n ** 60n, sampling: 100 },
        { src: '10.0.0.2', dst: '10.0.0.1' },
      ]),
    ])
    await store.projection.commit()
    const rows = await queryRows(store.reader, 'SELECT * FROM flows ORDER BY _pos')
    expect(rows.map((row) => Object.keys(row).length)).toEqual([flowFields.length + 5, flowFields.length + 5])
    expect(rows.map((row) => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null))))
      .toMatchInlineSnapshot(`
      [
        {
          "_pos": "netflow:7:1:0",
          "bytes": "1152921504606846976",
          "bytes_est": "115292150460684697600",
          "dst_addr": "2001:db8::1",
          "dst_port": 443,
          "exporter_addr": "192.0.2.1",
          "initiator": "src",
          "packets": 10,
          "packets_est": 1000,
          "proto": 6,
          "protocol": "netflow5",
          "protocol_version": 5,
          "sampling": 100,
          "service_port": 443,
          "src_addr": "10.0.0.1",
          "src_label": "net=core",
          "src_name": "gateway",
          "src_port": 40000,
          "time_end": "2026-11-20T07:59:59.500Z",
          "time_received": "2026-11-20T08:00:00.000Z",
          "time_skewed": false,
          "time_start": "2026-11-20T07:59:59.000Z",
        },
        {
          "_pos": "netflow:7:1:1",
          "bytes": 1000,
          "bytes_est": 1000,
          "dst_addr": "10.0.0.1",
          "dst_label": "net=core",
          "dst_name": "gateway",
          "dst_port": 443,
          "exporter_addr": "192.0.2.1",
          "initiator": "src",
          "packets": 10,
          "packets_est": 10,
          "proto": 6,
          "protocol": "netflow5",
          "protocol_version": 5,
          "service_port": 443,
          "src_addr": "10.0.0.2",
          "src_port": 40001,
          "time_end": "2026-11-20T07:59:59.500Z",
          "time_received": "2026-11-20T08:00:00.000Z",
          "time_skewed": false,
          "time_start": "2026-11-20T07:59:59.000Z",
        },
      ]
    `)
  })

  it('show events with their data as JSON', async () => {
    const store = await open()
    const make = new FrameMaker()
    const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
    await store.projection.apply([
      make.events([
        event('a', { json: { deep: [1, { x: null }] }, subject: 'thing', extensions: { tenant: 'blue', level: 3 } }),
        event('b', { encoding: 'text', data: bytes('plain "text"') }),
        event('c', { encoding: 'json', data: bytes('{not json') }),
        event('d', { encoding: 'binary', data: Uint8Array.of(0, 255, 1) }),
        event('e', { encoding: 'json', data: bytes('{"a":NaN}') }),
      ]),
    ])
    await store.projection.commit()
    expect(
      await queryRows(
        store.reader,
        'SELECT id, source, type, subject, time, extensions, data, data_base64, family, ref, key, time_received, ' +
          '_pos FROM events ORDER BY id',
      ),
    ).toMatchInlineSnapshot(`
      [
        {
          "_pos": "http:1:1:0",
          "data": {
            "deep": [
              1,
              {
                "x": null,
              },
            ],
          },
          "data_base64": null,
          "extensions": {
            "level": 3,
            "tenant": "blue",
          },
          "family": "event",
          "id": "a",
          "key": null,
          "ref": null,
          "source": "/test",
          "subject": "thing",
          "time": "2026-11-20T08:00:00.000Z",
          "time_received": "2026-11-20T08:00:00.000Z",
          "type": "test.made",
        },
        {
          "_pos": "http:1:1:1",
          "data": "plain "text"",
          "data_base64": null,
          "extensions": null,
          "family": "event",
          "id": "b",
          "key": null,
          "ref": null,
          "source": "/test",
          "subject": null,
          "time": "2026-11-20T08:00:00.000Z",
          "time_received": "2026-11-20T08:00:00.000Z",
          "type": "test.made",
        },
        {
          "_pos": "http:1:1:2",
          "data": "{not json",
          "data_base64": null,
          "extensions": null,
          "family": "event",
          "id": "c",
          "key": null,
          "ref": null,
          "source": "/test",
          "subject": null,
          "time": "2026-11-20T08:00:00.000Z",
          "time_received": "2026-11-20T08:00:00.000Z",
          "type": "test.made",
        },
        {
          "_pos": "http:1:1:3",
          "data": null,
          "data_base64": "AP8B",
          "extensions": null,
          "family": "event",
          "id": "d",
          "key": null,
          "ref": null,
          "source": "/test",
          "subject": null,
          "time": "2026-11-20T08:00:00.000Z",
          "time_received": "2026-11-20T08:00:00.000Z",
          "type": "test.made",
        },
        {
          "_pos": "http:1:1:4",
          "data": "{"a":NaN}",
          "data_base64": null,
          "extensions": null,
          "family": "event",
          "id": "e",
          "key": null,
          "ref": null,
          "source": "/test",
          "subject": null,
          "time": "2026-11-20T08:00:00.000Z",
          "time_received": "2026-11-20T08:00:00.000Z",
          "type": "test.made",
        },
      ]
    `)
  })
})

describe('after a restart', () => {
  it('committed rows are stored once, and the others are read again from the journal', async () => {
    const make = new FrameMaker()
    const first = await open()
    const frames = [
      make.flows([{ src: '10.0.0.1', dst: '10.0.0.2' }]),
      make.events([event('a')]),
      make.empty(),
      make.flows([{ src: '10.0.0.3', dst: '10.0.0.4' }]),
    ]
    await first.projection.apply(frames.slice(0, 2))
    await first.projection.commit()
    expect(first.projection.position()).toEqual({ 0: { sequence: 2, row: 2 } })
    await first.projection.apply(frames.slice(2))
    await first.close()
    stores = []

    const second = await open()
    expect(second.projection.position()).toEqual({ 0: { sequence: 2, row: 2 } })
    await second.projection.apply(frames.slice(2))
    await second.projection.commit()
    expect(await queryRows(second.reader, 'SELECT src_addr FROM flows ORDER BY 1')).toEqual([
      { src_addr: '10.0.0.1' },
      { src_addr: '10.0.0.3' },
    ])
    expect(second.ledger()).toEqual({
      stored: { netflow: 2, http: 1 },
      filtered: { netflow: 0, http: 0 },
      quarantined: { netflow: 0, http: 0 },
      accounted: { netflow: 2, http: 1 },
      positions: { 0: { sequence: 4, row: 3 } },
    })
  })

  it('rows that the journal lost are counted as quarantined', async () => {
    const make = new FrameMaker()
    const store = await open()
    const before = make.flows([{ src: '10.0.0.1', dst: '10.0.0.2' }])
    make.lose('netflow', 17)
    await store.projection.apply([before, make.flows([{ src: '10.0.0.1', dst: '10.0.0.2' }])])
    await store.projection.commit()
    expect(store.ledger()).toMatchObject({
      stored: { netflow: 2 },
      quarantined: { netflow: 17 },
      accounted: { netflow: 19 },
    })
  })
})

it('a commit that spans hours writes a file of flows per hour, and endpoints with a copy for their day', async () => {
  const make = new FrameMaker()
  const store = await open()
  await store.projection.apply([
    make.flows([{ src: '10.0.0.1', dst: '10.0.0.2' }], startOfDay - 1),
    make.flows([{ src: '10.0.0.1', dst: '10.0.0.2' }], startOfDay),
  ])
  await store.projection.commit()
  const names = await realHost().disk.list(directory)
  expect(names.map((name) => name.replace(/-[0-9a-f]{16}\.parquet/, ''))).toEqual([
    'endpoints-2026112000-1-1',
    'endpoints-2026112000-1-1.copy',
    'flows-2026112007-1-1',
    'flows-2026112008-2-2',
    'flows_1m-2026112007-1-1',
    'flows_1m-2026112008-2-2',
    'manifest-1.log',
  ])
  expect(await queryRows(store.reader, 'SELECT src_name FROM flows')).toEqual([
    { src_name: 'gateway' },
    { src_name: 'gateway' },
  ])
})
