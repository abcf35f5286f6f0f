export const pinText = {
  noOpenIncident: 'Every incident is resolved, or there is none. Open one first.',
  theIncidents: 'incidents',
  pinned: 'Pinned.',
  pinView: 'Pin this view',
  pinViewHint: 'Add this view with fixed times to an incident',
  viewTitle: (page: string, at: string) => `${page}, ${at} UTC`,
}
