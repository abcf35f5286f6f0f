declare module 'virtual:docs-index' {
  /** `heading` is empty for the page itself. */
  export const sections: readonly Readonly<{ page: string; title: string; heading: string }>[]
}
