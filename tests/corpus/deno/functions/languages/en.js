export default { tea: "tea" };
