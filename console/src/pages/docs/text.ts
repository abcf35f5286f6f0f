export const docsText = {
  documentation: 'Documentation',
  noPage: (page: string) => `The documentation has no page ${page}`,
  noPageHint: 'The link may be from another version of Weir.',
  openConsoleGuide: 'Open the guide of the console',
  thePage: 'the page',
  onThisPage: 'On this page',
}
