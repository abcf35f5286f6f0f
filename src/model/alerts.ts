/** Id of the source of alert events in the journal. */
export const alertSource = 'alerts'
/** What preceded a firing alert. */
export type AlertCause = Readonly<{
  /** For readers: the object, what happened, the actor, and how long before the change of traffic. */
  text: string
  /** `explained`: clearly; `uncertain`: other changes may explain it as well. */
  verdict: 'explained' | 'uncertain'
  object: Readonly<{ kind: string; namespace: string | null; name: string; ref: string | null }>
  operation: string
  actor: string | null
  /** Time of the change, and of the change of the value; ISO 8601. */
  time: string
  onset: string
  /** Permanent id of the change or audit event. */
  pos: string
  /** The page that shows the change; absent: the view of the flows of the alert shows the changes before them. */
  shown?: 'changes' | 'audit' | 'inventory'
}>

/** Prefix of the source of events; the name of the rule follows. */
export const alertEventSource = '/weir/alerts/'

export const alertTypes = {
  firing: 'weir.alert.firing',
  resolved: 'weir.alert.resolved',
  /** An alert that was silenced when it began to fire, and its resolution: for the store only. */
  silenced: 'weir.alert.silenced',
} as const
