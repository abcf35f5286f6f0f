/** Id of the source of alert events in the journal. */
export const alertSource = 'alerts'
export const alertTypes = { firing: 'weir.alert.firing', resolved: 'weir.alert.resolved' } as const
