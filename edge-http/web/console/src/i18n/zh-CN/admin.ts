/** Administration. */
export default {}
