export const eventsText = {
  timeHint: 'The producer’s timestamp, otherwise the time when Weir received the event',
  subject: 'Subject',
  family: 'Family',
  data: 'Data',
  events: 'Events',
  newestEvents: 'Newest events',
  theNewestEvents: 'the newest events',
  forbidden: 'Your account cannot view events',
  filterExample: 'type = com.example.* and family = event',
  noEventMatches: 'No event matches',
  noEventMatchesHint: 'None of the newest events matches the filter. New ones appear as they arrive.',
  noEventsYet: 'No events yet',
  copyThisCommand: 'Copy this command',
  noEventsHint: 'No event arrived since Weir started. Any CloudEvents client can post here over HTTP. To try it:',
  postCommand: (origin: string) =>
    [
      `curl ${origin}/events -H 'content-type: application/cloudevents+json' \\`,
      `  -d '{"specversion":"1.0","id":"1","source":"/me","type":"hello","data":{"greeting":"hi"}}'`,
    ].join('\n'),
}
