// Prints how the built-in types of Kubernetes travel as protobuf, read from the tags of their Go types.
//
//	cd tools/wireformat && go run . > ../../src/rollonce/sim/api/wiretypes.py
//
// The format is explained where it is read, in src/rollonce/sim/api/wireformat.py.
package main

import (
	"fmt"
	"reflect"
	"regexp"
	"sort"
	"strings"

	"k8s.io/client-go/kubernetes/scheme"
)

const width = 118

const head = `"""How the built-in types of Kubernetes travel as protobuf: generated from the Go types of k8s.io/api v0.36.2.

Made by tools/wireformat; the format is explained in wireformat.py. The licence of Kubernetes is Apache-2.0.
"""

`

// Types that are not what their Go fields say.
var special = map[string]string{
	"k8s.io/apimachinery/pkg/apis/meta/v1.Time":       "time",
	"k8s.io/apimachinery/pkg/apis/meta/v1.MicroTime":  "microtime",
	"k8s.io/apimachinery/pkg/apis/meta/v1.Duration":   "duration",
	"k8s.io/apimachinery/pkg/apis/meta/v1.FieldsV1":   "raw",
	"k8s.io/apimachinery/pkg/runtime.RawExtension":    "raw",
	"k8s.io/apimachinery/pkg/api/resource.Quantity":   "quantity",
	"k8s.io/apimachinery/pkg/util/intstr.IntOrString": "intorstring",
}

var stable = regexp.MustCompile(`^v[0-9]+$`)

var messages = map[string]string{}

func name(t reflect.Type) string {
	parts := strings.Split(t.PkgPath(), "/")
	return strings.Join(parts[len(parts)-2:], "/") + "." + t.Name()
}

func kind(t reflect.Type) string {
	if known, ok := special[t.PkgPath()+"."+t.Name()]; ok {
		return known
	}
	switch t.Kind() {
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "bool"
	case reflect.Int32, reflect.Int64, reflect.Int:
		return "int"
	case reflect.Float64:
		return "double"
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "bytes"
		}
		// A named list in the place of one value is a message whose first field is the list.
		return "items:" + kind(t.Elem())
	case reflect.Struct:
		add(t)
		return name(t)
	}
	panic("no kind for " + t.String())
}

func field(f reflect.StructField) string {
	tag, found := f.Tag.Lookup("protobuf")
	if !found {
		return ""
	}
	number := strings.Split(tag, ",")[1]
	json := strings.Split(f.Tag.Get("json"), ",")
	t, marks := f.Type, ""
	inline := json[0] == "" && f.Anonymous
	if t.Kind() == reflect.Pointer {
		t, marks = t.Elem(), "*"
	}
	switch {
	case inline:
		return number + " ^" + kind(t)
	case t.Kind() == reflect.Map:
		return number + " " + json[0] + " {}" + kind(t.Elem())
	case t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8:
		return number + " " + json[0] + " []" + kind(t.Elem())
	}
	return number + " " + json[0] + " " + marks + kind(t)
}

func add(t reflect.Type) {
	if _, done := messages[name(t)]; done {
		return
	}
	messages[name(t)] = ""
	var fields []string
	for i := range t.NumField() {
		if told := field(t.Field(i)); told != "" {
			fields = append(fields, told)
		}
	}
	messages[name(t)] = strings.Join(fields, "; ")
}

func main() {
	kinds := map[string]string{}
	for gvk, t := range scheme.Scheme.AllKnownTypes() {
		if !stable.MatchString(gvk.Version) || strings.HasSuffix(gvk.Kind, "List") {
			continue
		}
		// What every group has, under one name.
		if strings.HasSuffix(t.PkgPath(), "meta/v1") {
			if gvk.Kind == "DeleteOptions" {
				add(t)
			}
			continue
		}
		add(t)
		kinds[gvk.GroupVersion().String()+" "+gvk.Kind] = name(t)
	}
	fmt.Print(head)
	print("KINDS", kinds)
	fmt.Println()
	print("MESSAGES", messages)
}

func print(title string, lines map[string]string) {
	fmt.Printf("%s = \"\"\"\\\n", title)
	keys := make([]string, 0, len(lines))
	for key := range lines {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	for _, key := range keys {
		line := key + " ="
		for _, word := range strings.Fields(lines[key]) {
			if len(line)+1+len(word) > width {
				fmt.Println(line)
				line = " "
			}
			line += " " + word
		}
		fmt.Println(line)
	}
	fmt.Println("\"\"\"")
}
