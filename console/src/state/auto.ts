/** A grouping that the page chooses for the data at hand. */
export const auto = 'auto'
