export const page = "script";
