import type { StoreReader } from '../../engine/control.ts'
import type { Dialect } from '../../query/index.ts'
import type { TimeSpan } from '../../query/plan/index.ts'
import type { KubernetesRef } from '../../model/refs.ts'
import type { Principal } from '../access/principal.ts'
import type { IsoSpan } from '../../topics/coverage.ts'
import type { RunQuery } from '../../topics/why/workloads.ts'

/** The investigated object, actor or address. `text`: for readers; `ref`: its form in links. */
export type Subject = Readonly<{ text: string; ref: string }> &
  (
    | Readonly<{ is: 'object'; parts: KubernetesRef }>
    | Readonly<{ is: 'actor' }>
    | Readonly<{ is: 'address' }>
    | Readonly<{ is: 'resource' }>
  )

export const laneNames = [
  'traffic',
  'latency',
  'drops',
  'changes',
  'audit',
  'events',
  'problems',
  'cost',
  'gaps',
] as const
export type LaneName = (typeof laneNames)[number]

/**
 * `empty`: rows of this family exist, and none is in the time range; `not-collected`: no row of the family is stored;
 * `not-permitted`: the principal may not see the family; `not-applicable`: the family has nothing about the subject.
 */
export const laneStates = ['shown', 'empty', 'not-collected', 'not-permitted', 'not-applicable'] as const
export type LaneState = (typeof laneStates)[number]

export const levels = ['info', 'warning', 'bad'] as const

export type LaneItem = Readonly<{
  /** Unique in its lane. */
  pos: string
  time: string
  /** Of what lasts; null: it happened at `time`. */
  until: string | null
  is: string
  level: (typeof levels)[number]
  /** `Deployment shop/api`. */
  object: string
  ref: string | null
  text: string
  actor: string | null
  actor_ref: string | null
  /** Of costs: an exact decimal, and its currency. */
  amount?: string
  currency?: string
}>

/** Of the time range. `object` null: all further objects together. */
export type CostSum = Readonly<{ object: string | null; currency: string; amount: string }>

export type Lane = Readonly<{
  name: LaneName
  state: LaneState
  /** The reason for absent items, or the included ones. */
  note: string | null
  /** Of the time range; `items` has the newest. */
  total: number
  /** In order of time. */
  items: readonly LaneItem[]
  /** Of costs, largest first. */
  sums?: readonly CostSum[]
}>

export type Scene = Readonly<{
  subject: Subject
  span: TimeSpan
  limit: number
  store: StoreReader
  dialect: Dialect
  principal: Principal
  runQuery: RunQuery
  related: Related
}>

/** Objects and addresses that belong to the subject in the time range. */
export type Related = Readonly<{
  /** The subject, its owned objects, and the objects that held the address. */
  refs: readonly string[]
  /** The topmost owner: flows and reports of images name workloads. */
  workload: KubernetesRef | undefined
  /** That an actor used. */
  addresses: readonly string[]
  /** Filter of flows; undefined: flows do not name the subject. */
  filter: string | undefined
  /** Of clouds: the resource itself, or the machines that the subject runs on. */
  resources: readonly string[]
}>

/** Of flows in a bucket; latencies in ms, null: no flow has one. */
export type Measured = Readonly<{
  time: string
  rtt: number | null
  dns_latency: number | null
  drop_packets: number
  drop_bytes: number
}>

export type Investigation = Readonly<{
  subject: Readonly<{ is: Subject['is']; text: string; ref: string }>
  span: Readonly<{ from: string; to: string }>
  /** Of the principal; null: every namespace. */
  namespaces: readonly string[] | null
  /** Parameters of flows; null: see the lane. */
  filter: string | null
  step: number
  /** Buckets without flows are omitted. */
  buckets: readonly Readonly<{ time: string; bytes: number; packets: number; flows: number }>[]
  /** Buckets with latencies or drops. */
  measured: readonly Measured[]
  since: string | null
  stored_to: string | null
  /** Times of lost flows. */
  lost: readonly IsoSpan[]
  /** Times when Weir did not run. */
  stopped: readonly IsoSpan[]
  lanes: readonly Lane[]
}>
