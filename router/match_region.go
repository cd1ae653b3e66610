package router

import (
	"regexp"
	"strings"
)

// regionShapes are the shapes of region names that are counted, with everything in them spelled out, so that my-app-4 is
// none: us-east-1 and us-gov-west-1a, europe-west1-b, nyc1, fsn1-dc14, eastus2.
var regionShapes = regexp.MustCompile(`^(` + strings.Join([]string{
	`(us(-gov|-isob?)?|eu|ap|sa|ca|me|af|il|mx|cn)-` + compass + `-\d[a-z]?`,
	`(us|europe|asia|australia|southamerica|northamerica|africa|me)-` + compass + `\d\d?(-[a-z])?`,
	`nyc[1-3]|sfo[1-3]|ams[23]|sgp1|lon1|fra1|tor1|blr1|syd1|atl1`,
	`(fsn1|nbg1|hel1|ash|hil|sin)(-dc\d{1,2})?`,
	`(east|west)us[23]|australiacentral2`,
}, `|`) + `)$`)

const compass = `(north|south|east|west|central|northeast|northwest|southeast|southwest)`

// regionNames are the regions whose names are words.
var regionNames = map[string]bool{
	"ash": true, "hil": true, "sin": true,
	"eastus": true, "westus": true, "centralus": true, "northcentralus": true, "southcentralus": true, "westcentralus": true,
	"northeurope": true, "westeurope": true, "uksouth": true, "ukwest": true, "francecentral": true, "francesouth": true,
	"germanywestcentral": true, "germanynorth": true, "norwayeast": true, "swedencentral": true, "switzerlandnorth": true,
	"italynorth": true, "polandcentral": true, "spaincentral": true, "canadacentral": true, "canadaeast": true,
	"australiaeast": true, "australiasoutheast": true, "australiacentral": true, "japaneast": true, "japanwest": true,
	"koreacentral": true, "koreasouth": true, "brazilsouth": true, "centralindia": true, "southindia": true, "westindia": true,
	"eastasia": true, "southeastasia": true, "uaenorth": true, "southafricanorth": true, "qatarcentral": true, "israelcentral": true,
}

// isRegion reports whether the word is a region of a provider.
func isRegion(word string) bool {
	return regionNames[word] || strings.ContainsAny(word, "0123456789") && regionShapes.MatchString(word)
}
