/** The board of supervisors. */
export default {}
