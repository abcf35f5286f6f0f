import type { WeirEvent } from '../../model/events.ts'
import type { PointData } from '../../model/points.ts'

/** A sample of a metric as an event. Unix ms. */
export function point(time: number, body: PointData): WeirEvent {
  return {
    id: `${time}-${JSON.stringify(body)}`,
    source: '/test',
    type: 'weir.point',
    family: 'point',
    subject: body.name,
    time,
    datacontenttype: 'application/json',
    encoding: 'json',
    data: new TextEncoder().encode(JSON.stringify(body)),
  }
}
